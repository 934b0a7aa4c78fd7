"""Microsoft's clouds and the hosts of each.

Source: Microsoft Graph "National cloud deployments"; Entra "National clouds"; Azure Monitor
"Log Analytics API". MSAL has no constant for China since 1.39, so the table is ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Cloud(StrEnum):
    """The name of a cloud, as settings and options spell it."""

    GLOBAL = "global"
    """Public cloud, GCC included."""

    US_GOV = "us-gov"
    """US Government L4 (GCC High)."""

    US_DOD = "us-dod"
    """US Government L5 (Department of Defense)."""

    CHINA = "china"
    """China, operated by 21Vianet."""

    @property
    def hosts(self) -> CloudHosts:
        """Where this cloud's services are."""
        return _HOSTS[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudHosts:
    """Base URLs of one cloud, without trailing slash."""

    graph: str
    authority: str
    portal: str
    log_analytics: str
    log_analytics_audience: str
    """The resource that a token for Log Analytics is asked for."""


_HOSTS = {
    Cloud.GLOBAL: CloudHosts(
        graph="https://graph.microsoft.com",
        authority="https://login.microsoftonline.com",
        portal="https://entra.microsoft.com",
        log_analytics="https://api.loganalytics.azure.com",
        log_analytics_audience="https://api.loganalytics.io",
    ),
    Cloud.US_GOV: CloudHosts(
        graph="https://graph.microsoft.us",
        authority="https://login.microsoftonline.us",
        portal="https://entra.microsoft.us",
        log_analytics="https://api.loganalytics.us",
        log_analytics_audience="https://api.loganalytics.us",
    ),
    Cloud.US_DOD: CloudHosts(
        graph="https://dod-graph.microsoft.us",
        authority="https://login.microsoftonline.us",
        portal="https://portal.azure.us",
        log_analytics="https://api.loganalytics.us",
        log_analytics_audience="https://api.loganalytics.us",
    ),
    Cloud.CHINA: CloudHosts(
        graph="https://microsoftgraph.chinacloudapi.cn",
        authority="https://login.partner.microsoftonline.cn",
        portal="https://portal.azure.cn",
        log_analytics="https://api.loganalytics.azure.cn",
        log_analytics_audience="https://api.loganalytics.azure.cn",
    ),
}
