//! Where webhooks may be: not at this machine, nor in its network, nor where clouds tell machines their secrets, unless an installation allows it.
//!
//! The name is looked up by whoever connects, and what is connected to is what was looked at: a name that means one thing now and another a moment later
//! gains nothing.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::config::WebhookConfig;

/// Addresses of one name that are looked at.
const MAX_ADDRESSES: usize = 16;

/// None of a name's addresses is one that webhooks may be at.
#[derive(Debug)]
pub struct Forbidden;

/// A name has no address.
#[derive(Debug)]
pub struct Unknown;

impl fmt::Display for Forbidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("webhooks may not be at such an address")
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name has no address")
    }
}

impl std::error::Error for Forbidden {}
impl std::error::Error for Unknown {}

/// An address as text, if a webhook may be there: `https`, without user and fragment, and no number that is not public. Names are looked up later.
pub fn read(text: &str, allowed: WebhookConfig) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let scheme = url.scheme() == "https" || (url.scheme() == "http" && allowed.allow_http);
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let host = url.host_str()?;
    let number = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
    let public = number.is_none_or(|ip| is_allowed(ip, allowed)) && (allowed.allow_private || !is_local_name(host));
    (scheme && plain && public).then_some(url)
}

/// Names that never mean anything but this machine.
fn is_local_name(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost")
}

/// Looks names up for the client, and gives it only what it may connect to.
#[derive(Debug, Clone, Copy)]
pub struct Resolver {
    /// What an installation allows.
    pub allowed: WebhookConfig,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = self.allowed;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await.map_err(|_| Unknown)?;
            let found: Vec<SocketAddr> = found.take(MAX_ADDRESSES).collect();
            if found.is_empty() {
                return Err(Unknown.into());
            }
            let good: Vec<_> = found.into_iter().filter(|address| is_allowed(address.ip(), allowed)).collect();
            if good.is_empty() { Err(Forbidden.into()) } else { Ok(Box::new(good.into_iter()) as Addrs) }
        })
    }
}

fn is_allowed(ip: IpAddr, allowed: WebhookConfig) -> bool {
    allowed.allow_private || is_public(ip)
}

/// Whether an address belongs to somebody in the public internet.
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

/// Not one of the special-purpose addresses of RFC 6890 and its successors.
fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = match (a, b, c) {
        (0 | 10 | 127 | 240.., ..) | (169, 254, _) | (172, 16..=31, _) | (192, 168, _) => true,
        // Shared by carriers; protocol assignments; documentation; benchmarks; relays.
        (100, 64..=127, _) | (192, 0, 0 | 2) | (192, 88, 99) | (198, 18 | 19, _) | (198, 51, 100) | (203, 0, 113) => true,
        _ => false,
    };
    !special && !ip.is_multicast()
}

/// Global unicast, and nothing that carries an IPv4 address within it (6to4, Teredo), is documentation or protocol.
fn is_public_v6(ip: Ipv6Addr) -> bool {
    if let Some(ip) = ip.to_ipv4_mapped() {
        return is_public_v4(ip);
    }
    match ip.segments() {
        [0x2001, 0..=0x01ff | 0x0db8, ..] | [0x2002 | 0x3fff, ..] => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::{is_public, read};
    use crate::config::WebhookConfig;

    #[test]
    fn what_is_not_public_is_known() {
        for ip in [
            "93.184.216.34",
            "1.1.1.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "100.128.0.1",
            "2606:4700::1111",
            "2a00:1450::1",
            "::ffff:1.1.1.1",
        ] {
            assert!(is_public(ip.parse::<IpAddr>().unwrap()), "{ip}");
        }
        for ip in [
            "0.0.0.0",
            "10.1.2.3",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "192.0.0.8",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "192.0.2.1",
            "203.0.113.9",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::1",
            "2001:db8::1",
            "2001::1",
            "3fff::1",
        ] {
            assert!(!is_public(ip.parse::<IpAddr>().unwrap()), "{ip}");
        }
    }

    #[test]
    fn an_address_is_read_with_care() {
        let strict = WebhookConfig::default();
        for good in ["https://example.org/hooks?a=b", "https://example.org:8443", "https://1.1.1.1/"] {
            assert!(read(good, strict).is_some(), "{good}");
        }
        for bad in [
            "http://example.org",
            "ftp://example.org",
            "example.org",
            "https://",
            "https://ada:secret@example.org",
            "https://ada@example.org",
            "https://example.org/#part",
            "https://127.0.0.1",
            "https://2130706433",
            "https://0x7f.1",
            "https://[::1]/",
            "https://[::ffff:7f00:1]",
            "https://169.254.169.254/latest/meta-data",
            "https://localhost",
            "https://LOCALHOST.",
            "https://a.localhost",
            "file:///etc/passwd",
        ] {
            assert!(read(bad, strict).is_none(), "{bad}");
        }
        let loose = WebhookConfig { allow_http: true, allow_private: true };
        assert!(read("http://127.0.0.1:9000/hook", loose).is_some());
        assert!(read("http://127.0.0.1", WebhookConfig { allow_private: false, ..loose }).is_none());
        assert!(read("http://10.0.0.1", WebhookConfig { allow_http: false, ..loose }).is_none());
        assert!(read("ftp://10.0.0.1", loose).is_none());
    }
}
