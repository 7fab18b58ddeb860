"""What two or more services share. A lib never imports a service."""
