//! Variables that Kubernetes sets in every container of a namespace for each of its Services. Those of a Service named
//! `costage`, or `costage-media`, begin as ours do and are none of ours.
//!
//! The patterns are those of <https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables>:
//! `…_SERVICE_HOST`, `…_SERVICE_PORT`, `…_SERVICE_PORT_NAME`, `…_PORT` with a URL, and `…_PORT_8080_TCP` alone or with
//! `_PROTO`, `_PORT` or `_ADDR`.

/// Whether the value alone shows that this is a link: a Service named `costage-media-udp` sets `COSTAGE_MEDIA_UDP_PORT`,
/// which is also a key, to `udp://…`, which no key of ours could have as its value.
pub(super) fn is_link_by_value(name: &str, value: &str) -> bool {
    let url = PROTOCOLS.iter().any(|protocol| {
        let scheme = value.get(..protocol.len());
        scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(protocol)) && value[protocol.len()..].starts_with("://")
    });
    url && (name.ends_with("_PORT") || is_port(name))
}

/// Whether the name is one that only a link has.
pub(super) fn is_link_by_name(name: &str) -> bool {
    let named_port = name.split_once("_SERVICE_PORT_").is_some_and(|(_, port)| !port.is_empty());
    name.ends_with("_SERVICE_HOST") || name.ends_with("_SERVICE_PORT") || named_port || is_port(name)
}

/// `…_PORT_8080_TCP`, and what may follow it.
fn is_port(name: &str) -> bool {
    let Some((_, rest)) = name.split_once("_PORT_") else { return false };
    let mut parts = rest.split('_');
    let number = parts.next().is_some_and(|part| part.parse::<u16>().is_ok());
    let protocol = parts.next().is_some_and(|part| PROTOCOLS.contains(&part));
    let last = parts.next().is_none_or(|part| ["PROTO", "PORT", "ADDR"].contains(&part));
    number && protocol && last && parts.next().is_none()
}

/// Protocols of a Service's port.
const PROTOCOLS: [&str; 3] = ["TCP", "UDP", "SCTP"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_kubernetes_sets_for_a_service_is_a_link_and_nothing_else_is() {
        for name in [
            "COSTAGE_SERVICE_HOST",
            "COSTAGE_SERVICE_PORT",
            "COSTAGE_SERVICE_PORT_HTTP",
            "COSTAGE_MEDIA_SERVICE_PORT_RTP_UDP",
            "COSTAGE_PORT_8080_TCP",
            "COSTAGE_PORT_8081_UDP_ADDR",
            "COSTAGE_PORT_8080_TCP_PORT",
            "COSTAGE_PORT_8080_TCP_PROTO",
        ] {
            assert!(is_link_by_name(name), "{name}");
        }
        for name in [
            "COSTAGE_PORT",
            "COSTAGE_PORT_8080",
            "COSTAGE_PORT_TCP",
            "COSTAGE_PORT_99999_TCP",
            "COSTAGE_PORT_8080_TCP_NAME",
            "COSTAGE_PORT_8080_TCP_ADDR_X",
            "COSTAGE_SERVICE_HOSTS",
            "COSTAGE_SERVICE_PORT_",
            "COSTAGE_MEDIA_UDP_PORT",
        ] {
            assert!(!is_link_by_name(name), "{name}");
        }
        assert!(is_link_by_value("COSTAGE_PORT", "tcp://10.0.0.1:8080"));
        assert!(is_link_by_value("COSTAGE_MEDIA_UDP_PORT", "udp://10.0.0.1:8081"));
        for (name, value) in [("COSTAGE_PORT", "8080"), ("COSTAGE_PORT", "http://a"), ("COSTAGE_LISTEN", "tcp://a:1")] {
            assert!(!is_link_by_value(name, value), "{name}={value}");
        }
    }
}
