"""Ids of the checks that others build on, so that no family imports another."""

from __future__ import annotations

CONNECT = "reach/test-connection"
ACCEPTED = "auth/token-accepted"
NO_MATCH = "query/no-match"
CREATE = "create/documented"
MATCH = "query/match"
READ = "read/by-id"
REPLACE = "patch/replace"
VALUE_PATH = "patch/value-path"
EXTENSION = "patch/extension"
DISABLE = "lifecycle/disable"
GROUPS = "groups/query"
GROUP_CREATE = "groups/create"
ADD_MEMBERS = "groups/add-members"
GROUP_MATCH = "groups/match"
GROUP_PATCH = "groups/rename"
