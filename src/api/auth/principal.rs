//! What a verified token allows.

use super::super::cases::Case;
use super::super::problem::{Problem, quoted};
use super::token::{Claims, Refused, Role};
use crate::live::{LiveId, UserId};

/// Which lives a token is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::api) enum LiveScope {
    /// `*`.
    Any,
    /// One liveId, as the token says it.
    One(String),
    /// None named: watching public lives only.
    None,
}

impl LiveScope {
    fn covers(&self, live: &str) -> bool {
        match self {
            Self::Any => true,
            Self::One(one) => one == live,
            Self::None => false,
        }
    }
}

/// The caller, from a verified token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::api) struct Principal {
    /// userId.
    pub(in crate::api) user: UserId,
    /// Shown name, when the token has one.
    pub(in crate::api) name: Option<String>,
    pub(in crate::api) role: Role,
    pub(in crate::api) live: LiveScope,
}

impl Principal {
    /// The caller that `claims` (verified) describe.
    ///
    /// # Errors
    /// When `sub` is no userId.
    pub(in crate::api) fn new(claims: Claims) -> Result<Self, Refused> {
        let live = match claims.live.as_str() {
            "" => LiveScope::None,
            "*" => LiveScope::Any,
            _ => LiveScope::One(claims.live),
        };
        let user = UserId::new(&claims.sub).map_err(|_| Refused::Claims)?;
        Ok(Self { user, name: claims.name, role: claims.role, live })
    }

    pub(in crate::api) fn is_admin(&self) -> bool {
        self.role == Role::Admin
    }

    /// Whether it may act for `live` as its host. Whether it *owns* the live is decided by control, which knows owners.
    ///
    /// # Errors
    /// 403 for other roles and for tokens of other lives.
    pub(in crate::api) fn may_host(&self, live: &LiveId) -> Result<(), Problem> {
        match self.role {
            Role::Admin => Ok(()),
            Role::Host if self.live.covers(live.as_str()) => Ok(()),
            Role::Host => Err(Problem::new(
                Case::Forbidden,
                format!(
                    "the token's `live` claim does not name {}; use a token for that live or for \"*\"",
                    quoted(live.as_str())
                ),
            )),
            Role::Guest | Role::Audience => Err(Problem::new(
                Case::Forbidden,
                "acting for a live needs a token with role host (of that live) or admin",
            )),
        }
    }

    /// Whether it may watch `live` when that is not public: a token of any role that names it.
    ///
    /// # Errors
    /// 403.
    pub(in crate::api) fn may_watch(&self, live: &LiveId) -> Result<(), Problem> {
        if self.is_admin() || self.live.covers(live.as_str()) {
            return Ok(());
        }
        let detail =
            format!("the token's `live` claim does not name {}; use a token for that live", quoted(live.as_str()));
        Err(Problem::new(Case::Forbidden, detail))
    }

    /// Whether it may take part in `live`: sit, ask for a seat, publish from one.
    ///
    /// # Errors
    /// 403 for the audience, which watches, and for tokens of other lives.
    pub(in crate::api) fn may_sit(&self, live: &LiveId) -> Result<(), Problem> {
        match self.role {
            Role::Admin | Role::Host | Role::Guest => self.may_watch(live),
            Role::Audience => {
                let detail = "a token with role audience watches; seats need one with role guest, host or admin";
                Err(Problem::new(Case::Forbidden, detail))
            }
        }
    }

    /// # Errors
    /// 403 for everybody but the backend.
    pub(in crate::api) fn must_be_admin(&self, what: &str) -> Result<(), Problem> {
        if self.is_admin() {
            return Ok(());
        }
        Err(Problem::new(Case::Forbidden, format!("{what} needs a token with role admin")))
    }
}

/// Who opened a media session, and by which proof it may be changed. Kept by signalling as one string.
///
/// A client that put its token into the URL of its POST has no way to send it again: the `Location` carries no query
/// and such a client sends no `Authorization` (RFC 9725 §4.8). For its session, as for an anonymous viewer's, the
/// unguessable secret in the address is the proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::api) enum Owner {
    /// Token in the header: the same user's (or an admin's) token is wanted again.
    Token(String),
    /// Token in the URL: the address is enough, another user's token is still refused.
    Address(String),
    /// A viewer without a token.
    Nobody,
}

impl Owner {
    /// As signalling keeps it: `?` cannot start a userId, so the forms never collide.
    pub(in crate::api) fn to_text(&self) -> String {
        match self {
            Self::Token(user) => user.clone(),
            Self::Address(user) => format!("?{user}"),
            Self::Nobody => "?".to_owned(),
        }
    }

    pub(in crate::api) fn from_text(text: &str) -> Self {
        match text.strip_prefix('?') {
            None => Self::Token(text.to_owned()),
            Some("") => Self::Nobody,
            Some(user) => Self::Address(user.to_owned()),
        }
    }

    /// Whether `caller`, who knows the session's address, may change the session.
    ///
    /// # Errors
    /// 401 when a token is needed and there is none, 403 for another user's.
    pub(in crate::api) fn admits(&self, caller: Option<&Principal>) -> Result<(), Problem> {
        let foreign = || Problem::new(Case::Forbidden, "the session was opened by another user; use that user's token");
        match (self, caller) {
            (_, Some(caller)) if caller.is_admin() => Ok(()),
            (Self::Token(user) | Self::Address(user), Some(caller)) => {
                if caller.user.as_str() == user {
                    Ok(())
                } else {
                    Err(foreign())
                }
            }
            (Self::Token(_), None) => {
                Err(Problem::new(Case::Unauthorized, "send the token of the POST again: Authorization: Bearer …"))
            }
            (Self::Address(_), None) | (Self::Nobody, _) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn principal(user: &str, role: Role, live: LiveScope) -> Principal {
        Principal { user: UserId::new(user).unwrap(), name: None, role, live }
    }

    fn live(id: &str) -> LiveId {
        LiveId::new(id).unwrap()
    }

    #[test]
    fn only_admin_and_the_named_lives_host_act_for_a_live() {
        let one = || LiveScope::One("a".into());
        assert!(principal("x", Role::Admin, LiveScope::None).may_host(&live("a")).is_ok());
        assert!(principal("x", Role::Host, LiveScope::Any).may_host(&live("a")).is_ok());
        assert!(principal("x", Role::Host, one()).may_host(&live("a")).is_ok());
        assert!(principal("x", Role::Host, one()).may_host(&live("b")).is_err());
        assert!(principal("x", Role::Guest, one()).may_host(&live("a")).is_err());
        assert!(principal("x", Role::Audience, LiveScope::Any).may_host(&live("a")).is_err());
        assert!(principal("x", Role::Audience, one()).may_watch(&live("a")).is_ok());
        assert!(principal("x", Role::Audience, LiveScope::None).may_watch(&live("a")).is_err());
        assert!(principal("x", Role::Host, LiveScope::Any).must_be_admin("it").is_err());
    }

    #[test]
    fn owner_survives_its_text_form() {
        for owner in [Owner::Token("alice".into()), Owner::Address("alice".into()), Owner::Nobody] {
            assert_eq!(Owner::from_text(&owner.to_text()), owner);
        }
    }

    #[test]
    fn session_obeys_its_owner_and_admin_only() {
        let alice = principal("alice", Role::Host, LiveScope::Any);
        let mallory = principal("mallory", Role::Host, LiveScope::Any);
        let admin = principal("backend", Role::Admin, LiveScope::Any);
        let status = |owner: &Owner, caller: Option<&Principal>| {
            owner.admits(caller).map_or_else(|problem| problem.status().as_u16(), |()| 200)
        };
        let token = Owner::Token("alice".into());
        assert_eq!([None, Some(&alice), Some(&mallory), Some(&admin)].map(|c| status(&token, c)), [401, 200, 403, 200]);
        let address = Owner::Address("alice".into());
        assert_eq!(
            [None, Some(&alice), Some(&mallory), Some(&admin)].map(|c| status(&address, c)),
            [200, 200, 403, 200]
        );
        assert_eq!([None, Some(&mallory)].map(|c| status(&Owner::Nobody, c)), [200, 200]);
    }
}
