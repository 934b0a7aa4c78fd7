"""Error bodies of the frameworks behind SCIM servers, one parser for each way of writing them."""
