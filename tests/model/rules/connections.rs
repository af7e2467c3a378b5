//! Connections: lives join, and leave again.

use super::{Connection, Model, Outcome, Stage, refuse};
use crate::said::{Answer, Case, Event, Left};
use crate::words::Text;

impl Model {
    /// `to` joins the connection of `from`, or the two make one. It is there before anybody is told.
    pub(super) fn connect(&mut self, from: Text, to: Text, template: u64) -> Answer<'static> {
        let old = self.connections.iter_mut().find(|connection| connection.members.contains(&from));
        let joined = if let Some(old) = old {
            old.template = template;
            if template != super::arranging::CUSTOM {
                old.own = None;
            }
            old.members.push(to);
            vec![to]
        } else {
            self.connections_ever += 1;
            let members = vec![from, to];
            self.connections.push(Connection { number: self.connections_ever, template, own: None, members });
            vec![from, to]
        };
        let all = self.together(to);
        all.iter().for_each(|live| self.live_mut(live).shown = true);
        let invitee = self.live_mut(to).host();
        self.tell(vec![from], Event::RequestAccepted { invitee });
        for live in &joined {
            let user = self.live_mut(live).host();
            self.tell(all.clone(), Event::UserJoined { user });
        }
        self.tell_layout(&all);
        // Who else had asked them finds them busy now.
        joined.iter().for_each(|live| self.reject_request_to(live));
        self.empty_beyond_layout(&all, template);
        self.introduce(&joined, &all);
        Answer::Connected(all, template)
    }

    pub(super) fn leave_by_command(&mut self, live: Text, reason: Left) -> Outcome {
        self.known(live)?;
        if self.connection_of(live).is_none() {
            return refuse(Case::NotConnected, live);
        }
        self.leave(live, reason);
        self.cancel_requests_by(live);
        Ok(Answer::Done)
    }

    /// The battle is left first. When one live stays, there is no connection any more. With that a battle, or its
    /// punishment, may be over, after which its hosts part.
    pub(super) fn leave(&mut self, live: Text, reason: Left) {
        let Some(Connection { number, members, .. }) = self.connection_of(live).cloned() else { return };
        let before = self.unfinished(number);
        let others: Vec<_> = members.iter().copied().filter(|other| *other != live).collect();
        self.leave_battle(live);
        self.end_punishments_without(number, &others);
        if let [other] = others[..] {
            if let Some(battle) = self.running_of(other) {
                self.end_battle(battle, super::battles::ALL_LEFT);
            }
            self.connections.retain(|connection| connection.number != number);
        } else {
            let connection = self.connections.iter_mut().find(|connection| connection.number == number);
            let connection = connection.expect("found above");
            connection.members.retain(|member| *member != live);
            if let Some(own) = &mut connection.own {
                own.retain(|region| region.of != live);
                if own.is_empty() {
                    (connection.own, connection.template) = (None, super::layouts::GRID);
                }
            }
        }
        let user = self.live_mut(live).host();
        self.tell(members, Event::UserLeft { user, reason });
        self.tell_layout(&others);
        if reason != Left::LiveEnded {
            self.tell_layout(&[live]);
        }
        let still = self.unfinished(number);
        for battle in before.into_iter().filter(|battle| !still.contains(battle)) {
            self.part_after(battle);
        }
    }

    /// Battles of a connection that go on, or whose punishment does.
    fn unfinished(&self, connection: u32) -> Vec<usize> {
        let own = self.battles.iter().filter(|battle| battle.connection == connection);
        let unfinished = own.filter(|it| !matches!(it.stage, Stage::Ended(..)) || it.punishment_end.is_some());
        unfinished.map(|battle| battle.number).collect()
    }

    /// What a connection of this live has, or would have with that wish.
    pub(super) fn template_of(&self, live: &str, wish: Option<u64>) -> u64 {
        let own = self.connection_of(live).map(|connection| connection.template);
        wish.or(own).unwrap_or(super::layouts::GRID)
    }
}
