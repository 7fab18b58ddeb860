"""Elementary media formats: FLV tags, codec configuration, CMAF boxes. No input or output."""
