"""The app's SCIM service provider, reached through one guarded client."""
