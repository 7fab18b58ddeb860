"""The performance scoreboard: Weir beside its peers and the limits of the machine, in one run."""
