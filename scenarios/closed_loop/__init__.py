"""Virtual plants that charge what a policy recommends, and what then happens."""
