"""A SCIM 2.0 service provider that does all that Entra needs, and its fault switches."""
