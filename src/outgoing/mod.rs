//! Requests to addresses that others name: of receivers of webhooks, of avatars.
//!
//! ```text
//! URL ─▶ Guard::check (an address in it) ─▶ Guard as resolver (a name's addresses) ─▶ connection to one of those checked
//! ```
//! | file | holds |
//! |---|---|
//! | [`target`] | where requests may go |
//! | [`allowed`] | hosts that may have private addresses although others name them |
//! | [`get`] | what lies at a stranger's address, within bounds |
//!
//! **Invariant:** no redirect is followed and no proxy asked: either would connect where it likes.

pub mod allowed;
pub mod get;
pub mod target;

pub use allowed::{AllowedHost, HostFault};
pub use get::{Bounds, GetFault, Getter};
pub use target::{Guard, NotPublic, Resolver, SystemResolver, public};

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder};

/// A client that goes where `guard` lets it, and has `patience` with a whole request, name, connection and body among it.
/// Building one with `tls` fails where the system has no certificates; without it, none are read.
pub fn builder(guard: &Guard, patience: Duration, tls: bool) -> ClientBuilder {
    let builder = Client::builder()
        .dns_resolver(Arc::new(guard.clone()))
        .no_proxy()
        .redirect(Policy::none())
        .referer(false)
        .timeout(patience)
        .user_agent(concat!("costage/", env!("CARGO_PKG_VERSION")));
    if tls { builder } else { builder.tls_certs_only([]) }
}

/// An error with all its causes; without the URL, which whoever asked has.
pub fn chain(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    for cause in causes(&error) {
        let also = cause.to_string();
        if !text.ends_with(&also) {
            text = format!("{text}: {also}");
        }
    }
    text
}

/// What an error comes from, from near to far.
fn causes(error: &dyn Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    let mut next = error.source();
    std::iter::from_fn(move || {
        let cause = next?;
        next = cause.source();
        Some(cause)
    })
}
