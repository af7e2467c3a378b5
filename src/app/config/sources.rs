//! From file, environment and flags to one table, and from that to a [`Config`].

use std::path::{Path, PathBuf};

use thiserror::Error;
use toml::{Table, Value};

use super::nearest::nearest;
use super::service_links::{is_link_by_name, is_link_by_value};
use super::{Config, Fault};

/// Where a configuration comes from. The environment is handed in, so that this reads nothing but the file.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// `--config` or `COSTAGE_CONFIG`.
    pub file: Option<PathBuf>,
    /// Variables whose name begins with `COSTAGE_`, in any order; others are ignored.
    pub environment: Vec<(String, String)>,
    /// Key (`limits.sessions`) and text of each flag given.
    pub flags: Vec<(String, String)>,
    /// What one command begins with instead of the defaults of all.
    pub defaults: Vec<(&'static str, &'static str)>,
}

/// Why there is no configuration.
#[derive(Debug, Error)]
pub enum SourceFault {
    /// The file is not readable.
    #[error("cannot read the configuration file {}: {error}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The file is not TOML, or has a key or a value that does not fit.
    #[error("the configuration file {} does not fit: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Line and reason.
        error: toml::de::Error,
    },
    /// A variable or flag that is no key.
    #[error("{given} sets no key of the configuration; the nearest is {nearest}, and `costage config print` shows all")]
    UnknownKey {
        /// The variable or flag.
        given: String,
        /// What may have been meant.
        nearest: String,
    },
    /// A variable or flag whose value does not fit its key.
    #[error("{given} does not fit: {reason}")]
    Value {
        /// The variable or flag.
        given: String,
        /// What is wanted.
        reason: String,
    },
    /// A value out of range.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Sources {
    /// Reads and merges; later sources win. The result is validated.
    ///
    /// # Errors
    /// See [`SourceFault`].
    pub fn load(&self, dev: bool) -> Result<Config, SourceFault> {
        let config = self.merge()?;
        config.validate(dev)?;
        Ok(config)
    }

    /// Merges all sources and checks each value, but not whether a server would start with them.
    ///
    /// # Errors
    /// See [`SourceFault`].
    pub fn look(&self) -> Result<Config, SourceFault> {
        let config = self.merge()?;
        config.validate_values()?;
        Ok(config)
    }

    /// The variables that Kubernetes set for a Service of our name, by name: passed over.
    #[must_use]
    pub fn service_links(&self) -> Vec<&str> {
        let defaults = defaults();
        let links =
            self.environment.iter().filter(|(name, text)| meaning(&defaults, name, text) == Meaning::ServiceLink);
        let mut names: Vec<&str> = links.map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names
    }

    fn merge(&self) -> Result<Config, SourceFault> {
        let mut table = match &self.file {
            Some(path) => read(path)?,
            None => Table::new(),
        };
        let defaults = defaults();
        for (name, text) in &self.environment {
            match meaning(&defaults, name, text) {
                Meaning::Key(key) => put(&mut table, &defaults, name, &key, text)?,
                Meaning::ServiceLink | Meaning::Other => {}
                Meaning::Unknown => {
                    let known = keys(&defaults).map(|key| variable(&key));
                    let nearest = nearest(name, known).unwrap_or_default();
                    return Err(SourceFault::UnknownKey { given: name.clone(), nearest });
                }
            }
        }
        for (key, text) in &self.flags {
            // What a key is made of is not repeated on a terminal.
            let secret = ["keys", "webhook_secrets"].contains(&key.as_str());
            let given = if secret { key.clone() } else { format!("{key}={text}") };
            put(&mut table, &defaults, &given, key, text)?;
        }
        for (key, text) in self.defaults.iter().filter(|(key, _)| !table.contains_key(*key)).collect::<Vec<_>>() {
            put(&mut table, &defaults, key, key, text)?;
        }
        let whole = |error: toml::de::Error| SourceFault::Value {
            given: "the configuration".into(),
            reason: error.to_string(),
        };
        table.try_into().map_err(whole)
    }
}

fn read(path: &Path) -> Result<Table, SourceFault> {
    let unreadable = |error| SourceFault::Unreadable { path: path.to_owned(), error };
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    let fault = |error| SourceFault::File { path: path.to_owned(), error };
    // Once as a Config, for an error that names file and line; once as a table, to be merged.
    toml::from_str::<Config>(&text).map_err(fault)?;
    toml::from_str(&text).map_err(fault)
}

fn defaults() -> Table {
    Table::try_from(Config::default()).expect("every default is TOML")
}

/// What a variable of the environment is to us.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Meaning {
    Key(String),
    ServiceLink,
    /// None of the configuration's: another prefix, or [`NOT_KEYS`].
    Other,
    Unknown,
}

/// Our keys come before names that look like links; only a value that no key could have makes a link of a key's name.
fn meaning(defaults: &Table, name: &str, text: &str) -> Meaning {
    let Some(rest) = name.strip_prefix("COSTAGE_") else { return Meaning::Other };
    if NOT_KEYS.contains(&name) {
        return Meaning::Other;
    }
    if is_link_by_value(name, text) {
        return Meaning::ServiceLink;
    }
    match key_of_variable(defaults, rest) {
        Some(key) => Meaning::Key(key),
        None if is_link_by_name(name) => Meaning::ServiceLink,
        None => Meaning::Unknown,
    }
}

/// All keys, as `--set` writes them.
fn keys(defaults: &Table) -> impl Iterator<Item = String> {
    defaults.iter().flat_map(|(outer, value)| match value.as_table() {
        None => vec![outer.clone()],
        Some(table) => table.keys().map(|inner| format!("{outer}.{inner}")).collect(),
    })
}

/// `limits.sessions` → `COSTAGE_LIMITS_SESSIONS`.
fn variable(key: &str) -> String {
    format!("COSTAGE_{}", key.replace('.', "_").to_ascii_uppercase())
}

/// `LIMITS_SESSIONS` → `limits.sessions`; `MAX_FPS` → `max_fps`.
fn key_of_variable(defaults: &Table, rest: &str) -> Option<String> {
    let name = rest.to_ascii_lowercase();
    if defaults.get(&name).is_some_and(|value| !value.is_table()) {
        return Some(name);
    }
    let nested = |(outer, value): (&String, &Value)| {
        let inner = name.strip_prefix(outer.as_str())?.strip_prefix('_')?;
        value.as_table()?.contains_key(inner).then(|| format!("{outer}.{inner}"))
    };
    defaults.iter().find_map(nested)
}

fn put(table: &mut Table, defaults: &Table, given: &str, key: &str, text: &str) -> Result<(), SourceFault> {
    let unknown = || {
        let nearest = nearest(key, keys(defaults)).unwrap_or_default();
        SourceFault::UnknownKey { given: given.to_owned(), nearest }
    };
    let (outer, inner) = match key.split_once('.') {
        None => (None, key),
        Some((outer, inner)) => (Some(outer), inner),
    };
    let (target, like) = match outer {
        None => (table, defaults.get(inner).ok_or_else(unknown)?),
        Some(outer) => {
            let like = defaults.get(outer).and_then(Value::as_table).and_then(|table| table.get(inner));
            let entry = table.entry(outer).or_insert_with(|| Value::Table(Table::new()));
            (entry.as_table_mut().ok_or_else(unknown)?, like.ok_or_else(unknown)?)
        }
    };
    let misfit = |reason: String| SourceFault::Value { given: given.to_owned(), reason };
    let value = parse(inner, like, text).map_err(misfit)?;
    // Alone first, so that the complaint names what was given and not the whole.
    let alone = Table::from_iter([(inner.to_owned(), value.clone())]);
    let alone = outer.map_or(alone.clone(), |outer| Table::from_iter([(outer.to_owned(), Value::Table(alone))]));
    alone.try_into::<Config>().map_err(|error| misfit(error.message().to_owned()))?;
    target.insert(inner.to_owned(), value);
    Ok(())
}

/// Reads `text` as a value of the same kind as the default.
fn parse(key: &str, like: &Value, text: &str) -> Result<Value, String> {
    match (key, like) {
        ("keys", _) => list(text, |item| {
            let (id, secret) = item.split_once('=').ok_or("keys are written id=secret,id=secret")?;
            Ok(table([("id", id), ("secret", secret)]))
        }),
        ("webhooks", _) => list(text, |item| {
            let (name, url) = item.split_once('=').ok_or("webhooks are written name=url,name=url")?;
            Ok(table([("name", name), ("url", url)]))
        }),
        ("webhook_secrets", _) => list(text, |item| {
            let (webhook, secret) = item.split_once('=').ok_or("secrets are written name=secret,name=secret")?;
            Ok(table([("webhook", webhook), ("secret", secret)]))
        }),
        ("ice_servers", _) => list(text, |item| Ok(table([("url", item)]))),
        (_, Value::Integer(_)) => {
            text.parse().map(Value::Integer).map_err(|_| format!("wanted a whole number, found {text:?}"))
        }
        (_, Value::Boolean(_)) => {
            text.parse().map(Value::Boolean).map_err(|_| format!("wanted true or false, found {text:?}"))
        }
        (_, Value::Array(_)) => list(text, |item| Ok(Value::String(item.to_owned()))),
        (_, Value::String(_) | Value::Float(_) | Value::Datetime(_) | Value::Table(_)) => {
            Ok(Value::String(text.to_owned()))
        }
    }
}

fn list(text: &str, item: impl Fn(&str) -> Result<Value, &'static str>) -> Result<Value, String> {
    let items = text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(item);
    items.collect::<Result<Vec<_>, _>>().map(Value::Array).map_err(str::to_owned)
}

fn table<const N: usize>(pairs: [(&str, &str); N]) -> Value {
    Value::Table(pairs.into_iter().map(|(key, text)| (key.to_owned(), Value::String(text.to_owned()))).collect())
}

/// Variables with our prefix that are no keys: the file itself, and the browser of our tests.
const NOT_KEYS: [&str; 2] = ["COSTAGE_CONFIG", "COSTAGE_CHROMIUM"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::config::{CanvasSize, Simd};

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn load(environment: &[(&str, &str)], flags: &[(&str, &str)]) -> Result<Config, String> {
        let sources = Sources { environment: pairs(environment), flags: pairs(flags), ..Sources::default() };
        sources.load(true).map_err(|fault| fault.to_string())
    }

    #[test]
    fn flags_win_over_environment_which_wins_over_defaults() {
        let config = load(
            &[
                ("COSTAGE_MAX_FPS", "50"),
                ("COSTAGE_SIMD", "scalar"),
                ("PATH", "/bin"),
                ("COSTAGE_LIMITS_SESSIONS", "7"),
            ],
            &[("max_fps", "60"), ("canvas", "640x360")],
        )
        .unwrap();
        let canvas = CanvasSize { width: 640, height: 360 };
        assert_eq!((config.max_fps, config.simd, config.canvas, config.limits.sessions), (60, Simd::Scalar, canvas, 7));
    }

    #[test]
    fn environment_sets_lists_and_keys() {
        let secret = "0123456789abcdef0123456789abcdef";
        let config = load(
            &[("COSTAGE_PUBLIC_ADDRESSES", "192.0.2.1, 2001:db8::1"), ("COSTAGE_KEYS", &format!("k1={secret}"))],
            &[],
        )
        .unwrap();
        assert_eq!(config.public_addresses.len(), 2);
        assert_eq!((config.keys[0].id.as_str(), config.keys[0].secret.reveal()), ("k1", secret));
    }

    #[test]
    fn mistyped_variables_and_values_are_refused_by_name() {
        for (name, value) in [
            ("COSTAGE_MAXFPS", "30"),
            ("COSTAGE_LIMITS", "1"),
            ("COSTAGE_LIMITS_SESSION", "1"),
            ("COSTAGE_MAX_FPS", "fast"),
            ("COSTAGE_MEDIA_LOOPBACK", "yes"),
            ("COSTAGE_KEYS", "secret"),
        ] {
            let fault = load(&[(name, value)], &[]).unwrap_err();
            assert!(fault.contains(name), "{fault}");
        }
        for (given, meant) in
            [("COSTAGE_MAXFPS", "COSTAGE_MAX_FPS"), ("COSTAGE_LIMITS_SESSION", "COSTAGE_LIMITS_SESSIONS")]
        {
            let fault = load(&[(given, "1")], &[]).unwrap_err();
            assert!(fault.contains(&format!("the nearest is {meant},")), "{fault}");
        }
        let fault = load(&[], &[("max_fsp", "3")]).unwrap_err();
        assert!(fault.contains("max_fsp") && fault.contains("the nearest is max_fps,"), "{fault}");
        assert!(load(&[], &[("max_fps", "61")]).unwrap_err().contains("1 to 60"));
        assert!(load(&[], &[("simd", "sse2")]).unwrap_err().contains("simd=sse2 does not fit"));
        assert!(load(&[("COSTAGE_LISTEN", "here")], &[]).unwrap_err().contains("COSTAGE_LISTEN does not fit"));
    }

    #[test]
    fn variables_of_a_kubernetes_service_are_passed_over_and_others_are_not() {
        let links = [
            ("COSTAGE_SERVICE_HOST", "10.96.0.7"),
            ("COSTAGE_SERVICE_PORT", "8080"),
            ("COSTAGE_SERVICE_PORT_HTTP", "8080"),
            ("COSTAGE_PORT", "tcp://10.96.0.7:8080"),
            ("COSTAGE_PORT_8080_TCP", "tcp://10.96.0.7:8080"),
            ("COSTAGE_PORT_8080_TCP_ADDR", "10.96.0.7"),
            // Also the name of a key.
            ("COSTAGE_MEDIA_UDP_PORT", "udp://10.96.0.7:8081"),
        ];
        assert_eq!(load(&links, &[]).unwrap(), Config::default());
        let environment = pairs(&[&links[..], &[("COSTAGE_MAX_FPS", "50"), ("COSTAGE_CONFIG", "x")]].concat());
        let sources = Sources { environment, ..Sources::default() };
        let mut names = links.map(|(name, _)| name);
        names.sort_unstable();
        assert_eq!(sources.service_links(), names);
        assert_eq!(load(&[("COSTAGE_MEDIA_UDP_PORT", "8090")], &[]).unwrap().media_udp_port, 8090, "the key wins");
        for (name, value) in
            [("COSTAGE_PORT", "8080"), ("COSTAGE_MEDIA_UDP_PORT", "http://a"), ("COSTAGE_SERVICE", "x")]
        {
            assert!(load(&[(name, value)], &[]).unwrap_err().contains(name), "{name}={value}");
        }
    }

    #[test]
    fn missing_file_is_refused_by_name() {
        let sources = Sources { file: Some("/nonexistent/costage.toml".into()), ..Sources::default() };
        assert!(sources.load(true).unwrap_err().to_string().contains("/nonexistent/costage.toml"));
    }
}
