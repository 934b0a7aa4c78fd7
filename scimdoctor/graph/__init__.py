"""Microsoft Graph: sign-in, client, directory, jobs and the provisioning log."""
