//! The part of the configuration that HTTP needs, in `api`'s own words.

use super::{Config, IceServer, ViewerTokenRule};
use crate::api::{Settings, ViewerTokens};

impl Config {
    /// For `api`; `version` is shown at `/healthz`.
    pub fn http_settings(&self, dev: bool, version: String) -> Settings {
        Settings {
            viewer_tokens: match self.viewer_tokens {
                ViewerTokenRule::Optional => ViewerTokens::Optional,
                ViewerTokenRule::Required => ViewerTokens::Required,
            },
            allowed_origins: self.allowed_origins.clone(),
            ice_server_links: self.ice_servers.iter().map(link).collect(),
            dev,
            version,
        }
    }
}

/// RFC 9725 §4.6. Validation keeps quotes and commas out of all three.
fn link(server: &IceServer) -> String {
    let mut link = format!("<{}>; rel=\"ice-server\"", server.url);
    if !server.username.is_empty() {
        let credential = server.credential.reveal();
        link +=
            &format!("; username=\"{}\"; credential=\"{credential}\"; credential-type=\"password\"", server.username);
    }
    link
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::config::Secret;

    #[test]
    fn ice_server_becomes_one_link_header() {
        let stun = IceServer { url: "stun:s:1".into(), username: String::new(), credential: Secret::default() };
        assert_eq!(link(&stun), "<stun:s:1>; rel=\"ice-server\"");
        let turn = IceServer { url: "turn:t".into(), username: "u".into(), credential: Secret::new("p") };
        assert_eq!(
            link(&turn),
            "<turn:t>; rel=\"ice-server\"; username=\"u\"; credential=\"p\"; credential-type=\"password\""
        );
    }
}
