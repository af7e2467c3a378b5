//! Hosts that an operator lets be at private addresses, although the addresses of them come from users.

use std::str::FromStr;

use reqwest::Url;
use thiserror::Error;

/// A host that may be at any address, as it stands in a URL; with a port, at that one alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedHost {
    host: String,
    port: Option<u16>,
}

/// A text that is no host.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{found:?} is no host: write HOST or HOST:PORT, as media.internal or 10.0.0.7:9000")]
pub struct HostFault {
    found: String,
}

impl AllowedHost {
    /// Whether `url` leads there.
    #[must_use]
    pub fn covers(&self, url: &Url) -> bool {
        let port = url.port_or_known_default();
        url.host_str() == Some(&*self.host) && (self.port.is_none() || self.port == port)
    }
}

impl FromStr for AllowedHost {
    type Err = HostFault;

    fn from_str(text: &str) -> Result<Self, HostFault> {
        let fault = || HostFault { found: text.to_owned() };
        if text.contains(['/', '\\', '@', '?', '#']) {
            return Err(fault());
        }
        // A port that is the scheme's own is dropped by the parser.
        let parse = |scheme: &str| Url::parse(&format!("{scheme}://{text}/")).map_err(|_| fault());
        let (url, other) = (parse("http")?, parse("https")?);
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(fault)?;
        Ok(Self { host: host.to_owned(), port: url.port().or(other.port()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(allowed: &str, url: &str) -> bool {
        allowed.parse::<AllowedHost>().unwrap().covers(&Url::parse(url).unwrap())
    }

    #[test]
    fn a_host_covers_its_urls_and_with_a_port_those_of_that_port() {
        assert!(covers("media.internal", "https://MEDIA.internal/a.png"));
        assert!(covers("media.internal", "http://media.internal:9000/a.png"));
        assert!(covers("10.0.0.7:9000", "http://10.0.0.7:9000/a.png"));
        assert!(covers("10.0.0.7", "http://167772167/a.png"), "the same address in another form");
        assert!(covers("[::1]:9000", "http://[0:0::1]:9000/"));
        assert!(covers("10.0.0.7:80", "http://10.0.0.7/") && covers("10.0.0.7:443", "https://10.0.0.7/"));
        for (allowed, url) in [
            ("media.internal", "http://other.media.internal/"),
            ("media.internal", "http://media.internal.example.com/"),
            ("10.0.0.7:9000", "http://10.0.0.7/"),
            ("10.0.0.7:80", "http://10.0.0.7:22/"),
            ("10.0.0.7:80", "https://10.0.0.7/"),
        ] {
            assert!(!covers(allowed, url), "{allowed} {url}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for text in ["", "http://a", "a/b", "me@a", "a:99999", "a b", "10.0.0.0/8"] {
            let fault = text.parse::<AllowedHost>().unwrap_err().to_string();
            assert!(fault.contains("write HOST or HOST:PORT"), "{fault}");
        }
    }
}
