//! Invitations between lives: asked, accepted, rejected, cancelled, expired.

use std::time::Duration;

use costage_media::scene::Template;

use super::answer::{Answer, ConnectionCode, TargetResult, TemplateName};
use super::command::ConnectionRequest;
use super::event::Event;
use super::fact::{Fact, RequestAnswer};
use super::ids::LiveId;
use super::layout::shared;
use super::lives::Lives;
use super::refusal::Refusal;
use super::rules::{EXTENSION_BYTES_MAX, REQUEST_SECONDS, REQUESTS_PENDING_MAX, TARGETS_MAX, short, within};
use super::state::{Presence, Request};
use super::time::WallMs;

/// What one target's state allows.
enum Verdict {
    /// Ask it.
    Invite,
    /// It has asked us: this request is our acceptance.
    Mutual,
    /// The code that answers it.
    Refused(ConnectionCode),
}

impl Lives {
    pub(super) fn request_connection(&mut self, now: WallMs, request: &ConnectionRequest) -> Result<Answer, Refusal> {
        let template = request.template.as_ref().map(shared).transpose()?;
        let seconds = within("timeoutSeconds", request.timeout_seconds, REQUEST_SECONDS)?;
        short("extensionInfo", &request.extension_info, EXTENSION_BYTES_MAX)?;
        check_targets(request)?;
        self.live(&request.live)?;
        let several = request.targets.len() > 1;
        let mut results = Vec::with_capacity(request.targets.len());
        for target in &request.targets {
            let expires = now.after(Duration::from_secs(seconds));
            let code =
                match self.ask_for(now, request, target, Request { from: request.live.clone(), template, expires }) {
                    // One target that does not fit does not spoil the others' invitations: its host is here already.
                    Err(Refusal::UserConnectedTwice { .. }) if several => ConnectionCode::Connecting,
                    code => code?,
                };
            results.push(TargetResult { live_id: target.clone(), code });
        }
        if let [only] = &results[..] {
            self.explain(&request.live, only, self.template_of(&request.live, template))?;
        }
        Ok(Answer::Requested(results))
    }

    fn ask_for(
        &mut self,
        now: WallMs,
        asked: &ConnectionRequest,
        target: &LiveId,
        request: Request,
    ) -> Result<ConnectionCode, Refusal> {
        match self.judge(&asked.live, target, self.template_of(&asked.live, request.template))? {
            Verdict::Invite => self.invite(now, asked, target, request).map(|()| ConnectionCode::Success),
            Verdict::Mutual => match self.accept_connection(now, &asked.live, target) {
                Err(Refusal::ConnectionFull { .. }) => Ok(ConnectionCode::Full),
                accepted => accepted.map(|_| ConnectionCode::Success),
            },
            Verdict::Refused(code) => Ok(code),
        }
    }

    fn judge(&self, from: &LiveId, to: &LiveId, template: Template) -> Result<Verdict, Refusal> {
        let refused = |code| Ok(Verdict::Refused(code));
        let inviter = self.live(from)?;
        let Some(target) = self.state.lives.get(to) else { return refused(ConnectionCode::RoomNotExist) };
        if self.state.requests.get(from).is_some_and(|pending| pending.from == *to) {
            return Ok(Verdict::Mutual);
        }
        match self.state.requests.get(to) {
            Some(pending) if pending.from == *from => return refused(ConnectionCode::Connecting),
            Some(_) => return refused(ConnectionCode::ConnectingOtherRoom),
            None => {}
        }
        match target.connection {
            Some(_) if target.connection == inviter.connection => return refused(ConnectionCode::Connecting),
            Some(_) => return refused(ConnectionCode::ConnectingOtherRoom),
            None => {}
        }
        if self.members_of(from).len() >= template.capacity() {
            return refused(ConnectionCode::Full);
        }
        self.check_users_differ(from, to)?;
        if self.requests_by(from).len() >= REQUESTS_PENDING_MAX {
            return refused(ConnectionCode::Retry);
        }
        Ok(Verdict::Invite)
    }

    fn invite(&mut self, now: WallMs, asked: &ConnectionRequest, to: &LiveId, request: Request) -> Result<(), Refusal> {
        let template = self.template_of(&request.from, request.template);
        let received = Event::CoHostRequestReceived {
            inviter: self.live(&request.from)?.host(),
            extension_info: asked.extension_info.clone(),
            template: TemplateName(template),
            expire_time: request.expires,
        };
        self.state.requests.insert(to.clone(), request);
        self.notify(now, vec![to.clone()], received);
        Ok(())
    }

    /// With a single target the refusal says why; with several the codes do.
    fn explain(&self, from: &LiveId, only: &TargetResult, template: Template) -> Result<(), Refusal> {
        let live = only.live_id.clone();
        Err(match only.code {
            ConnectionCode::Success => return Ok(()),
            ConnectionCode::RoomNotExist => Refusal::NoSuchLive { live },
            ConnectionCode::Connecting if self.state.requests.get(&live).is_some() => Refusal::RequestPending { live },
            ConnectionCode::Connecting => Refusal::AlreadyConnected { live },
            ConnectionCode::ConnectingOtherRoom => Refusal::ConnectedElsewhere { live },
            ConnectionCode::Full => Refusal::ConnectionFull { places: template.capacity() },
            ConnectionCode::Retry => Refusal::TooManyRequests { live: from.clone(), pending: REQUESTS_PENDING_MAX },
        })
    }

    pub(super) fn accept_connection(&mut self, now: WallMs, to: &LiveId, from: &LiveId) -> Result<Answer, Refusal> {
        let request = self.pending(from, to)?;
        let template = self.template_of(from, request.template);
        let places = template.capacity();
        if self.members_of(from).len() >= places {
            return Err(Refusal::ConnectionFull { places });
        }
        self.check_users_differ(from, to)?;
        self.state.requests.remove(to);
        let (inviter, invitee, answer) = (from.clone(), to.clone(), RequestAnswer::Accepted);
        self.record(Fact::RequestAnswered { inviter, invitee, answer, at: now });
        self.connect(now, from, to, template)
    }

    pub(super) fn reject_connection(&mut self, now: WallMs, to: &LiveId, from: &LiveId) -> Result<Answer, Refusal> {
        self.pending(from, to)?;
        self.reject_pending(now, to, RequestAnswer::Rejected);
        Ok(Answer::Done)
    }

    pub(super) fn cancel_connection(&mut self, now: WallMs, from: &LiveId, to: &LiveId) -> Result<Answer, Refusal> {
        self.pending(from, to)?;
        self.cancel_pending(now, to);
        Ok(Answer::Done)
    }

    pub(super) fn expire_request(&mut self, now: WallMs, to: &LiveId) {
        let Some(request) = self.state.requests.remove(to) else { return };
        if let (Ok(inviter), Ok(invitee)) = (self.live(&request.from), self.live(to)) {
            let timeout = Event::CoHostRequestTimeout { inviter: inviter.host(), invitee: invitee.host() };
            self.notify(now, vec![request.from, to.clone()], timeout);
        }
    }

    /// Nobody waits for a live that goes: its own requests are cancelled, the one to it counts as rejected.
    pub(super) fn withdraw_requests(&mut self, now: WallMs, live: &LiveId) {
        self.cancel_requests_by(now, live);
        self.reject_pending(now, live, RequestAnswer::Unavailable);
    }

    pub(super) fn cancel_requests_by(&mut self, now: WallMs, live: &LiveId) {
        for to in self.requests_by(live) {
            self.cancel_pending(now, &to);
        }
    }

    /// The request to `to`, if any, counts as rejected: both are told, since the host who was asked may have more than one
    /// window.
    pub(super) fn reject_pending(&mut self, now: WallMs, to: &LiveId, answer: RequestAnswer) {
        let Some(request) = self.state.requests.remove(to) else { return };
        let (inviter, invitee) = (request.from.clone(), to.clone());
        self.record(Fact::RequestAnswered { inviter, invitee, answer, at: now });
        if let (Ok(inviter), Ok(invitee)) = (self.live(&request.from), self.live(to)) {
            let rejected = Event::CoHostRequestRejected { inviter: inviter.host(), invitee: invitee.host() };
            self.notify(now, vec![request.from, to.clone()], rejected);
        }
    }

    fn cancel_pending(&mut self, now: WallMs, to: &LiveId) {
        let Some(request) = self.state.requests.remove(to) else { return };
        if let (Ok(inviter), Ok(invitee)) = (self.live(&request.from), self.live(to)) {
            let cancelled = Event::CoHostRequestCancelled { inviter: inviter.host(), invitee: invitee.host() };
            self.notify(now, vec![to.clone(), request.from], cancelled);
        }
    }

    fn pending(&self, from: &LiveId, to: &LiveId) -> Result<Request, Refusal> {
        self.live(to)?;
        let request = self.state.requests.get(to).filter(|request| request.from == *from);
        request.cloned().ok_or_else(|| Refusal::NoSuchRequest { from: from.clone(), to: to.clone() })
    }

    /// Whom `live` may find to invite: public lives that are publishing and in no connection, newest first.
    pub(super) fn list_candidates(&self, live: &LiveId, cursor: &str, count: Option<u64>) -> Result<Answer, Refusal> {
        self.live(live)?;
        self.page(cursor, count, |other| {
            let free = other.presence == Presence::Up && other.connection.is_none();
            free && other.info.is_public_visible && other.info.live_id != *live
        })
    }

    /// Whom this live has invited.
    pub(super) fn requests_by(&self, live: &LiveId) -> Vec<LiveId> {
        let own = self.state.requests.iter().filter(|(_, request)| request.from == *live);
        own.map(|(to, _)| to.clone()).collect()
    }

    /// Scores are kept by user: nobody is in a connection twice.
    fn check_users_differ(&self, from: &LiveId, to: &LiveId) -> Result<(), Refusal> {
        let user = self.live(to)?.owner();
        for member in self.members_of(from) {
            if self.live(&member)?.owner() == user {
                return Err(Refusal::UserConnectedTwice { user: user.clone() });
            }
        }
        Ok(())
    }
}

fn check_targets(request: &ConnectionRequest) -> Result<(), Refusal> {
    let targets = &request.targets;
    let invalid = |detail: String| Err(Refusal::Invalid { field: "targetLiveIds", detail });
    if targets.is_empty() || targets.len() > TARGETS_MAX {
        return invalid(format!("1 to {TARGETS_MAX} lives, found {}", targets.len()));
    }
    if targets.contains(&request.live) {
        return invalid("a live cannot invite itself".to_owned());
    }
    if (1..targets.len()).any(|i| targets[..i].contains(&targets[i])) {
        return invalid("a live is named twice".to_owned());
    }
    Ok(())
}
