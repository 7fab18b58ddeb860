"""The six services. A service never imports another: they meet on the bus and over HTTP."""
