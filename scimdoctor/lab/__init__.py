"""The embedded lab: Microsoft Graph, its sign-in authority and a SCIM endpoint on loopback."""
