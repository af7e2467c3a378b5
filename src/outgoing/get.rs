//! What lies at an address that a stranger named: few bytes, soon, from the public internet, or a refusal.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, Response, StatusCode, Url};
use thiserror::Error;

use super::allowed::AllowedHost;
use super::target::{Guard, LookUpFault, NotPublic, Resolver};
use super::{builder, causes, chain};

/// How much is taken, and how soon it must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of a body, at most.
    pub bytes_max: usize,
    /// From the look-up of the name to the body's last byte.
    pub within: Duration,
}

/// Why there is nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GetFault {
    /// Not a URL.
    #[error("it is no address to get anything from: wanted https://host/path")]
    Url,
    /// A user or a password in it.
    #[error("there is a user or a password in it")]
    Login,
    /// It leads to an address that nothing is sent to.
    #[error("{0}")]
    NotPublic(String),
    /// It leads elsewhere.
    #[error("it answers with a redirect (status {0}), and none is followed")]
    Redirect(u16),
    /// Another status than 200.
    #[error("it answers with status {0}")]
    Status(u16),
    /// Too many bytes.
    #[error("it has more than {0} bytes")]
    TooLong(usize),
    /// It begins as nothing that is wanted does.
    #[error("it begins like nothing that is taken")]
    Unfit,
    /// Too slow.
    #[error("it was not there within {} s", .0.as_secs_f64())]
    TooSlow(Duration),
    /// No connection, or it broke.
    #[error("{0}")]
    Failed(String),
}

/// Gets. Cheap to share; connections are not kept: most hosts are asked once.
pub struct Getter {
    outside: Way,
    inside: Way,
    allowed: Vec<AllowedHost>,
    bounds: Bounds,
}

/// A client, and where it may go.
struct Way {
    http: Client,
    guard: Guard,
}

impl Way {
    fn new(guard: Guard, bounds: Bounds) -> Result<Self, GetFault> {
        let http = builder(&guard, bounds.within, true).pool_max_idle_per_host(0).build();
        Ok(Self { http: http.map_err(|error| GetFault::Failed(chain(error)))?, guard })
    }
}

impl Getter {
    /// Hosts that are `allowed` may be at any address, all others at public ones. Reads the system's certificates: that
    /// takes some milliseconds.
    ///
    /// # Errors
    /// Where there are none.
    pub fn new(resolver: Arc<dyn Resolver>, allowed: Vec<AllowedHost>, bounds: Bounds) -> Result<Self, GetFault> {
        Self::through(Guard::new(Arc::clone(&resolver), false), Guard::new(resolver, true), allowed, bounds)
    }

    /// With guards of its own.
    pub(crate) fn through(
        outside: Guard,
        inside: Guard,
        allowed: Vec<AllowedHost>,
        bounds: Bounds,
    ) -> Result<Self, GetFault> {
        let (outside, inside) = (Way::new(outside, bounds)?, Way::new(inside, bounds)?);
        Ok(Self { outside, inside, allowed, bounds })
    }

    /// All bytes of `url`. What begins otherwise than `fits` wants is not read on; it is given at least
    /// [`HEAD_BYTES`], or all there is.
    ///
    /// # Errors
    /// See [`GetFault`].
    pub async fn get(&self, url: &str, fits: impl Fn(&[u8]) -> bool) -> Result<Vec<u8>, GetFault> {
        let url = Url::parse(url).ok().filter(|url| ["http", "https"].contains(&url.scheme())).ok_or(GetFault::Url)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(GetFault::Login);
        }
        let way = if self.allowed.iter().any(|host| host.covers(&url)) { &self.inside } else { &self.outside };
        way.guard.check(&url).map_err(refused)?;
        let answer = way.http.get(url).send().await.map_err(|error| self.fault(error))?;
        match answer.status() {
            StatusCode::OK => self.body(answer, fits).await,
            status if status.is_redirection() => Err(GetFault::Redirect(status.as_u16())),
            status => Err(GetFault::Status(status.as_u16())),
        }
    }

    async fn body(&self, mut answer: Response, fits: impl Fn(&[u8]) -> bool) -> Result<Vec<u8>, GetFault> {
        let bytes_max = self.bounds.bytes_max;
        let said = answer.content_length().map_or(0, |said| usize::try_from(said).unwrap_or(usize::MAX));
        if said > bytes_max {
            return Err(GetFault::TooLong(bytes_max));
        }
        let (mut body, mut looked) = (Vec::new(), false);
        while let Some(chunk) = answer.chunk().await.map_err(|error| self.fault(error))? {
            if body.len() + chunk.len() > bytes_max {
                return Err(GetFault::TooLong(bytes_max));
            }
            body.extend_from_slice(&chunk);
            if !looked && body.len() >= HEAD_BYTES {
                looked = true;
                if !fits(&body) {
                    return Err(GetFault::Unfit);
                }
            }
        }
        if looked || fits(&body) { Ok(body) } else { Err(GetFault::Unfit) }
    }

    fn fault(&self, error: reqwest::Error) -> GetFault {
        if error.is_timeout() {
            return GetFault::TooSlow(self.bounds.within);
        }
        let look_up = causes(&error).find_map(|cause| cause.downcast_ref::<LookUpFault>());
        match look_up {
            Some(fault @ LookUpFault::Refused { .. }) => GetFault::NotPublic(fault.to_string()),
            Some(LookUpFault::Failed { .. } | LookUpFault::Nothing { .. }) | None => GetFault::Failed(chain(error)),
        }
    }
}

fn refused(refused: NotPublic) -> GetFault {
    GetFault::NotPublic(refused.to_string())
}

/// What kinds of pictures are told by.
pub const HEAD_BYTES: usize = 12;

#[cfg(test)]
mod tests;
