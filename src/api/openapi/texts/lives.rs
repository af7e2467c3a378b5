//! Lives, connections, layouts, events.

use super::super::super::cases::Case;
use super::{Text, text};

pub(super) const TEXTS: &[Text] = &[
    text("GET", "/v1/lives", "listLives", "lives")
        .says("List the public lives", "Newest first, in pages: `cursor` \"\" first, then what the page before answered, until that is \"\"."),
    text("POST", "/v1/lives", "createLive", "lives")
        .says("Create a live", "For oneself, with a host's token for that live; an admin creates it for any owner. What is not named gets its default.")
        .refuses(&[
            Case::Forbidden, Case::LiveIdTaken, Case::LiveIdYours, Case::TooManyLives, Case::MetaDataKeys,
            Case::MetaDataValue, Case::MetaDataKey,
        ]),
    text("GET", "/v1/lives/{live}", "findLive", "lives").says("Look at a live", ""),
    text("PATCH", "/v1/lives/{live}", "changeLive", "lives")
        .says("Change a live", "Only what is named changes; null names nothing. Everybody on the live's event socket is told (onLiveInfoChanged).")
        .refuses(&[Case::MetaDataKeys, Case::MetaDataValue, Case::MetaDataKey]),
    text("DELETE", "/v1/lives/{live}", "endLive", "lives")
        .says("End a live", "Its battle is left first, then its connection, then it ends; events in that order."),
    text("PUT", "/v1/users/{user}/avatar", "setAvatar", "lives")
        .says(
            "Set a user's avatar",
            "PNG, JPEG or WebP, of at most 4 MiB and 4096 pixels a side (PNG of 16 bits: 8,388,608 pixels, WebP: 1,048,576, 128 KiB of it without loss), not animated. Cropped to a square around its centre and drawn round wherever the \
            user is shown without picture: in a running picture at once, until the server ends or another is set. By that user or an admin. The user's \
            `avatarUrl` stays as it is.",
        )
        .refuses(&[Case::Overloaded]),
    text("GET", "/v1/lives/{live}/co-host", "findCoHost", "co-host")
        .says("Look at a live's connection", "With who is invited and who invites; those two are shown to the live's host and to admins only."),
    text("DELETE", "/v1/lives/{live}/co-host", "leaveConnection", "co-host")
        .says("Leave the connection", "Battles are left too. Done by an admin who is not the host, the live is taken out (reason kicked).")
        .refuses(&[Case::NotConnected]),
    text("GET", "/v1/lives/{live}/co-host/candidates", "listCandidates", "co-host")
        .says("List lives that may be invited", "Public lives that are publishing and in no connection, newest first, in pages."),
    text("POST", "/v1/lives/{live}/co-host/requests", "requestConnection", "co-host")
        .says(
            "Invite other lives",
            "Answered 200 when it was understood, with a code per target. A single target that failed is refused with the problem that \
            says why. Two hosts that invite each other are connected at once.",
        )
        .refuses(&[
            Case::LiveNotFound, Case::AlreadyConnected, Case::ConnectionPending, Case::ConnectedElsewhere,
            Case::ConnectionFull, Case::ConnectionTooOften, Case::UserConnectedTwice,
        ]),
    text("POST", "/v1/lives/{live}/co-host/requests/{other}/accept", "acceptConnection", "co-host")
        .says("Accept an invitation", "The connection exists before this is answered and before onCoHostRequestAccepted is sent.")
        .refuses(&[Case::RequestNotFound, Case::ConnectedElsewhere, Case::ConnectionFull, Case::UserConnectedTwice]),
    text("POST", "/v1/lives/{live}/co-host/requests/{other}/reject", "rejectConnection", "co-host")
        .says("Reject an invitation", "")
        .refuses(&[Case::RequestNotFound]),
    text("POST", "/v1/lives/{live}/co-host/requests/{other}/cancel", "cancelConnection", "co-host")
        .says("Take an invitation back", "")
        .refuses(&[Case::RequestNotFound]),
    text("GET", "/v1/lives/{live}/layout", "findLayout", "layout")
        .says("Look at the layout", "Where everybody stands in the picture that this live's viewers see."),
    text("PUT", "/v1/lives/{live}/layout", "chooseLayout", "layout")
        .says(
            "Choose the layout",
            "A template, or regions of one's own. Any connected host changes it for all lives of the connection. A live alone chooses \
            the template of its seats, as changing its `seatTemplate` would (onLiveInfoChanged), or regions of its own: these are kept for \
            whenever it is alone, until it chooses a template. Regions are in pixels of the server's own canvas (`regionsCanvas`), whatever template, perhaps one \
            that lies on its side, is shown now. With regions templateId is 1000; whoever has none is heard and not seen. A region whose seat is empty stays empty, and those of a live that leaves go with it; where \
            none is left everybody is in hostDynamicGrid.",
        )
        .refuses(&[Case::NotConnected, Case::ConnectionFull]),
    text("POST", "/v1/layouts/validate", "validateLayout", "layout")
        .says(
            "Check a layout",
            "Answered and refused as choosing it would be, and nothing changes; regions are in pixels of the server's own canvas, which the answer \
            names (`regionsCanvas`). With `liveId`, as that live's host would choose it; \
            without, the layout by itself, and nobody is in the answer's regions.",
        )
        .refuses(&[Case::Forbidden, Case::LiveNotFound, Case::NotConnected, Case::ConnectionFull]),
    text("POST", "/v1/layouts/preview.png", "previewLayout", "layout")
        .says(
            "A preview of a layout that is not chosen yet",
            "A PNG of what choosing it would show, with somebody in each of its places: a made-up host where nobody is. Takes and refuses \
            what `POST /v1/layouts/validate` does, and nothing changes. With `liveId` who is there is shown, without it everybody is made up.",
        )
        .refuses(&[Case::Forbidden, Case::LiveNotFound, Case::NotConnected, Case::ConnectionFull]),
    text("GET", "/v1/lives/{live}/preview.png", "preview", "layout")
        .says(
            "A preview of the picture",
            "A PNG of the layout as it would be drawn now: a calm colour with the avatar stands for each host's media, scores are as they stand. With \
            `template` or `hosts` what another layout of these hosts, filled up with made-up ones, would look like (where seats have places of their own, \
            and in regions of one's own, with so many of them taken, the first ones first); nothing is changed.",
        )
        .refuses(&[Case::ConnectionFull]),
    text("GET", "/v1/lives/{live}/events", "events", "events")
        .says(
            "The event socket",
            "A WebSocket. First a `snapshot` with `epoch` and `seq`, then events in order; `epoch` and `after` of the last message seen \
            resume, or get a new snapshot. The server pings each 5 s and ends the socket after two unanswered ones. Clients send nothing.",
        )
        .refuses(&[Case::Overloaded]),
];
