"""Everything a viewer's player asks for: live FLV, playlists, manifests and segments."""
