"""What people look at: charts in one style and self-contained HTML pages."""
