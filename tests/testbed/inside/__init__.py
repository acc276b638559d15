"""Programs that run inside the testbed's containers; they use nothing but the standard library and aiosmtpd."""
