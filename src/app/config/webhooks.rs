//! Who is told by webhook.

use serde::{Deserialize, Serialize};

use super::Config;
use super::checks::{Fault, fault, within};
use super::values::Secret;
use crate::webhook::Endpoint;

/// A receiver of webhooks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookConfig {
    /// Its name, by which it keeps its place: 1 to 64 letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// Where events are posted: http or https.
    pub url: String,
    /// What they are signed with, all at once: `whsec_…` (24 to 64 bytes in base64) or `whsk_…` (Ed25519). Default none; then
    /// they stand in `webhook_secrets`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<Secret>,
    /// Types of events that are wanted. Default none: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<String>,
    /// Whether it may be at an address that is not public. Default false.
    #[serde(default)]
    pub allow_private: bool,
}

/// One more secret of a receiver: from the environment, while the rest stands in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookSecret {
    /// The name of the receiver.
    pub webhook: String,
    /// `whsec_…` or `whsk_…`.
    pub secret: Secret,
}

/// Receivers: each has a connection and a task of its own.
const WEBHOOKS_MAX: usize = 32;

impl Config {
    /// The receivers, ready to be sent to.
    ///
    /// # Errors
    /// The key, and what is wrong with it.
    pub fn endpoints(&self) -> Result<Vec<Endpoint>, Fault> {
        within("webhooks", self.webhooks.len(), 0..=WEBHOOKS_MAX)?;
        let mut ready: Vec<Endpoint> = Vec::new();
        for row in &self.webhooks {
            let more = self.webhook_secrets.iter().filter(|more| more.webhook == row.name).map(|more| &more.secret);
            let secrets = row.secrets.iter().chain(more).map(Secret::reveal);
            let unfit =
                |error: crate::webhook::EndpointFault| fault(format!("webhooks ({:?})", row.name), error.to_string());
            let endpoint =
                Endpoint::new(&row.name, &row.url, secrets, &row.events, row.allow_private).map_err(unfit)?;
            if ready.iter().any(|other| other.name == endpoint.name) {
                return Err(fault(
                    "webhooks",
                    format!("the name {:?} is there twice; name one of them anew", row.name),
                ));
            }
            ready.push(endpoint);
        }
        let lost = self.webhook_secrets.iter().find(|more| !ready.iter().any(|endpoint| endpoint.name == more.webhook));
        match lost {
            Some(lost) => Err(fault(
                "webhook_secrets",
                format!(
                    "there is no webhook called {:?}: add [[webhooks]] with that name, or leave it out",
                    lost.webhook
                ),
            )),
            None => Ok(ready),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::config::Sources;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn read(text: &str) -> Result<Vec<Endpoint>, String> {
        let config: Config = toml::from_str(text).map_err(|error| error.to_string())?;
        config.validate_values().map_err(|fault| fault.to_string())?;
        config.endpoints().map_err(|fault| fault.to_string())
    }

    #[test]
    fn receivers_of_the_file_become_endpoints() {
        let text = format!(
            "[[webhooks]]\nname = \"crm\"\nurl = \"https://example.com/hook\"\nsecrets = [\"{SECRET}\"]\nevents = [\"live.ended\"]\n"
        );
        let endpoints = read(&text).unwrap();
        assert_eq!(
            (endpoints[0].name.as_str(), endpoints[0].keys.len(), endpoints[0].allow_private),
            ("crm", 1, false)
        );
        assert!(read("").unwrap().is_empty());
        let config: Config = toml::from_str(&text).unwrap();
        let shown = config.to_toml().unwrap();
        assert!(!shown.contains("MfKQ9r8GK") && shown.contains("example.com"), "{shown}");
    }

    #[test]
    fn the_environment_names_receivers_and_their_secrets() {
        let environment = [
            ("COSTAGE_WEBHOOKS", "crm=https://example.com/hook?a=b, erp=http://10.0.0.1/".to_owned()),
            ("COSTAGE_WEBHOOK_SECRETS", format!("crm={SECRET},crm={SECRET},erp={SECRET}")),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value)).to_vec();
        let sources = Sources { environment, ..Sources::default() };
        let fault = sources.load(true).unwrap_err().to_string();
        assert!(fault.starts_with("webhooks (\"erp\"): url: 10.0.0.1 is not a public address"), "{fault}");
        let flags = vec![("webhooks".to_owned(), "crm=https://example.com/hook?a=b".to_owned())];
        let fault = Sources { flags: flags.clone(), ..sources.clone() }.load(true).unwrap_err().to_string();
        assert!(fault.starts_with("webhook_secrets: there is no webhook called \"erp\""), "{fault}");
        let environment = vec![("COSTAGE_WEBHOOK_SECRETS".to_owned(), format!("crm={SECRET},crm={SECRET}"))];
        let config = Sources { environment, flags, ..Sources::default() }.load(true).unwrap();
        let crm = config.endpoints().unwrap().remove(0);
        assert_eq!((crm.url.as_str(), crm.keys.len()), ("https://example.com/hook?a=b", 2));
    }

    #[test]
    fn a_receiver_that_does_not_fit_is_refused_by_its_name_and_key() {
        let row = |rest: &str| format!("[[webhooks]]\nname = \"crm\"\nurl = \"https://example.com/\"\n{rest}");
        let secrets = format!("secrets = [\"{SECRET}\"]\n");
        assert!(read(&row("")).unwrap_err().starts_with("webhooks (\"crm\"): secrets: 1 to 8 are needed"));
        assert!(read(&row("secrets = [\"a\"]")).unwrap_err().starts_with("webhooks (\"crm\"): secrets: number 1: "));
        let twice = row(&secrets).repeat(2);
        assert!(read(&twice).unwrap_err().starts_with("webhooks: the name \"crm\" is there twice"));
        assert!(read(&row("retries = 3")).unwrap_err().contains("retries"));
        let many: String = (0..33).map(|n| row(&secrets).replace("crm", &format!("crm{n}"))).collect();
        assert!(read(&many).unwrap_err().starts_with("webhooks: must be 0 to 32, found 33"));
    }
}
