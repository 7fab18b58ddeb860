"""Who may watch, and who watches: tokens, policies, and the audience over all gateways."""
