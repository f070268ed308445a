"""An HTTP API and a page that reads drawings on the device; `digitry serve` starts both."""
