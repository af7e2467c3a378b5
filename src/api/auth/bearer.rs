//! Where a token may stand in a request: `Authorization: Bearer x`, `Authorization: x`, `?token=x`, and for sockets the
//! subprotocol `bearer.x`.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use super::super::cases::Case;
use super::super::problem::Problem;
use super::super::state::ApiState;
use super::principal::{Owner, Principal};

/// A verified caller. As `Option<Bearer>` a request without any token passes; a wrong token never does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::api) struct Bearer {
    /// Who.
    pub(in crate::api) principal: Principal,
    /// Where the token stood.
    place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Header,
    Address,
}

impl Bearer {
    /// By which proof a media session that it opens may be changed later.
    pub(in crate::api) fn owner(bearer: Option<&Self>) -> Owner {
        match bearer {
            None => Owner::Nobody,
            Some(Self { principal, place: Place::Header }) => Owner::Token(principal.user.as_str().to_owned()),
            Some(Self { principal, place: Place::Address }) => Owner::Address(principal.user.as_str().to_owned()),
        }
    }
}

impl OptionalFromRequestParts<ApiState> for Bearer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Option<Self>, Problem> {
        let Some((token, place)) = token(parts)? else { return Ok(None) };
        let verified = state.keys.verify(state.clock.wall_ms(), &token).and_then(Principal::new);
        match verified {
            Ok(principal) => {
                state.quotas.take(state.clock.now(), principal.role, &token)?;
                Ok(Some(Self { principal, place }))
            }
            Err(refused) => {
                metrics::counter!("costage_auth_refused_total").increment(1);
                let problem = Problem::new(Case::Unauthorized, refused.to_string());
                Err(state.attempts.failed(state.clock.now(), address(parts), problem))
            }
        }
    }
}

impl FromRequestParts<ApiState> for Bearer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let bearer = <Self as OptionalFromRequestParts<ApiState>>::from_request_parts(parts, state).await?;
        bearer.ok_or_else(|| Problem::new(Case::Unauthorized, "send a token: `Authorization: Bearer …` or `?token=…`"))
    }
}

/// Finds the token. The header wins over the address; an empty one is as none.
fn token(parts: &Parts) -> Result<Option<(String, Place)>, Problem> {
    if let Some(value) = parts.headers.get(header::AUTHORIZATION) {
        let unreadable = || Problem::new(Case::Unauthorized, "the Authorization header must be `Bearer <token>`");
        let value = value.to_str().map_err(|_| unreadable())?.trim();
        return match value.split_once(' ') {
            // Some WHIP clients send the token alone.
            None if !value.is_empty() && !value.eq_ignore_ascii_case("bearer") => {
                Ok(Some((value.to_owned(), Place::Header)))
            }
            None => Ok(None),
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
                Ok(Some((token.trim().to_owned(), Place::Header)))
            }
            Some(_) => Err(unreadable()),
        };
    }
    if let Some(token) = from_subprotocols(&parts.headers) {
        return Ok(Some((token.to_owned(), Place::Header)));
    }
    // JWT characters need no percent-decoding; anything else fails to verify.
    let query = parts.uri.query().unwrap_or_default();
    let token = query.split('&').find_map(|pair| pair.strip_prefix("token=")).filter(|token| !token.is_empty());
    Ok(token.map(|token| (token.to_owned(), Place::Address)))
}

/// The token of a subprotocol `bearer.TOKEN`: browsers cannot set headers on sockets.
pub(in crate::api) fn from_subprotocols(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .find_map(|protocol| protocol.trim().strip_prefix("bearer."))
}

/// Who counts as one address: an IPv4 address, an IPv6 /64 (what one customer is given).
pub(in crate::api) fn address(parts: &Parts) -> IpAddr {
    let found = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(from)| from.ip());
    match found.map(|ip| ip.to_canonical()) {
        Some(IpAddr::V6(v6)) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        Some(v4 @ IpAddr::V4(_)) => v4,
        None => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn parts(uri: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn token_may_stand_in_four_places() {
        let at_header = |headers: &[(&str, &str)]| token(&parts("/whip/a", headers)).unwrap();
        let header = Some(("t.o.k".to_owned(), Place::Header));
        assert_eq!(at_header(&[("authorization", "Bearer t.o.k")]), header);
        assert_eq!(at_header(&[("authorization", "bearer  t.o.k")]), header);
        assert_eq!(at_header(&[("authorization", "t.o.k")]), header);
        assert_eq!(at_header(&[("sec-websocket-protocol", "costage, bearer.t.o.k")]), header);
        let address = token(&parts("/whip/a?x=1&token=t.o.k", &[])).unwrap();
        assert_eq!(address, Some(("t.o.k".to_owned(), Place::Address)));
    }

    #[test]
    fn request_without_a_token_has_none_and_other_schemes_are_refused() {
        assert_eq!(token(&parts("/whip/a?token=", &[])).unwrap(), None);
        assert_eq!(token(&parts("/whip/a", &[("authorization", "Bearer ")])).unwrap(), None);
        assert_eq!(token(&parts("/whip/a", &[("authorization", "Basic YTpi")])).unwrap_err().status(), 401);
    }

    #[test]
    fn ipv6_customers_count_by_their_64_bit_prefix() {
        let mut parts = parts("/", &[]);
        parts.extensions.insert(ConnectInfo("[2001:db8:1:2:3:4:5:6]:9".parse::<SocketAddr>().unwrap()));
        assert_eq!(address(&parts), "2001:db8:1:2::".parse::<IpAddr>().unwrap());
        parts.extensions.insert(ConnectInfo("[::ffff:192.0.2.1]:9".parse::<SocketAddr>().unwrap()));
        assert_eq!(address(&parts), "192.0.2.1".parse::<IpAddr>().unwrap());
    }
}
