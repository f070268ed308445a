"""Networks as files: their input, their outputs, and the calibration of their confidence."""
