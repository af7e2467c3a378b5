//! What a picture should be: templates, tiles and overlays, as plain data.
