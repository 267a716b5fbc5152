//! The rows of docs/limits.md.

use shared::{close::CloseReason, error::ErrorCode, limits};

use super::{
    Beyond::{Closed, Else, Refused, Status},
    Bound,
    Is::{Fixed, Paced, Set},
    bound, bytes,
};
use crate::{
    broker::{embedded::EmbeddedSettings, redis::RedisSettings},
    http, hub, identity, session,
};

pub(super) fn said() -> Vec<Bound> {
    let chars = |count: usize| Fixed(format!("{count} characters"));
    let frames = "frames_at_the_limit_pass_and_beyond_it_close";
    vec![
        bound(
            "A WebSocket message from a client",
            bytes(limits::FRAME_BYTES),
            Closed(CloseReason::TooBig),
            frames,
        ),
        bound(
            "The text of a message",
            bytes(limits::BODY_BYTES),
            Refused(ErrorCode::MessageTooLong),
            "requests",
        ),
        bound("The name of a room", chars(limits::ROOM_CHARS), Refused(ErrorCode::RoomTooLong), "requests"),
        bound("A person's name", chars(limits::NAME_CHARS), Refused(ErrorCode::NameTooLong), "requests"),
        bound("A nonce", chars(limits::NONCE_CHARS), Refused(ErrorCode::NonceInvalid), "requests"),
        bound("A position", chars(limits::POSITION_CHARS), Refused(ErrorCode::PositionInvalid), "requests"),
        bound(
            "Nesting of JSON",
            Fixed("127".into()),
            Refused(ErrorCode::BadJson),
            "frames_that_are_no_json_object",
        ),
        bound(
            "A token",
            bytes(identity::token::TOKEN_BYTES),
            Refused(ErrorCode::TokenInvalid),
            "only_the_exact_token_counts",
        ),
    ]
}

pub(super) fn connection() -> Vec<Bound> {
    let silence = "silence_ends_only_where_something_was_due";
    let ping = "a_silent_peer_is_found_by_ping";
    let idle = "a_connection_is_idle_for_a_bounded_time_and_brings_a_bounded_number_of_requests";
    let slow = "a_reader_that_stops_is_closed_and_nobody_else_waits";
    let flood = "too_many_commands_are_refused_then_end_the_connection";
    let paced = || Paced("command-burst", "command-rate", "{} per second");
    vec![
        bound(
            "A complete request header",
            Set("hello-timeout", "s"),
            Else("the TCP connection is closed"),
            silence,
        ),
        bound(
            "Bytes of a request header",
            bytes(http::serve::HEADER_BYTES),
            Status(431),
            "a_request_header_is_bounded",
        ),
        bound(
            "The pause between two requests",
            Set("hello-timeout", "s"),
            Else("the TCP connection is closed"),
            idle,
        ),
        bound(
            "Requests",
            Fixed(http::serve::REQUESTS.to_string()),
            Else("the TCP connection is closed after the last response"),
            idle,
        ),
        bound(
            "A connection that does not become a socket",
            Fixed(format!("{} s", http::serve::LIFETIME.as_secs())),
            Else("the TCP connection is closed"),
            "",
        ),
        bound(
            "A response of which the peer takes nothing",
            Set("write-timeout", "s"),
            Else("the TCP connection is reset"),
            "a_response_that_nobody_reads_fails",
        ),
        bound(
            "`hello` after the upgrade (hubbub.v1)",
            Set("hello-timeout", "s"),
            Closed(CloseReason::NoHello),
            silence,
        ),
        bound("Silence before a ping", Set("ping-interval", "s"), Else("a ping"), ping),
        bound("The answer to a ping", Set("pong-timeout", "s"), Closed(CloseReason::Unresponsive), ping),
        bound(
            "Rooms",
            Set("rooms-per-session", ""),
            Refused(ErrorCode::TooManyRooms),
            "a_v1_connection_survives_too",
        ),
        bound("Commands, and pings", paced(), Refused(ErrorCode::RateLimited), flood),
        bound(
            "Bytes without a whole message",
            bytes(http::ws::UNFINISHED),
            Closed(CloseReason::Flooding),
            "fragments_without_end_close_the_connection",
        ),
        bound(
            "Commands refused beyond that, in bursts",
            Fixed(session::PATIENCE.to_string()),
            Closed(CloseReason::Flooding),
            flood,
        ),
        bound(
            "Sends that wait for their ack",
            Fixed(session::WAITING.to_string()),
            Else("it is not read until some have come"),
            "with_too_many_acks_due_a_connection_is_not_read",
        ),
        bound("Unwritten frames (outbox)", Set("outbox-kib", "KiB"), Closed(CloseReason::Slow), slow),
        bound("Writing what waits", Set("write-timeout", "s"), Closed(CloseReason::Slow), slow),
    ]
}

pub(super) fn address() -> Vec<Bound> {
    let rooms = || Paced("new-room-burst", "new-room-seconds", "one per {} s");
    vec![
        bound(
            "Leading bits of an IPv6 address that count as one address",
            Set("ipv6-prefix", ""),
            Else("they share the bounds below"),
            "addresses_of_one_customer_are_one",
        ),
        bound(
            "TCP connections, at most half of all",
            Set("connections-per-address", ""),
            Status(429),
            "connections_are_counted_by_address_and_in_all",
        ),
        bound(
            "Sockets",
            Set("sessions-per-address", ""),
            Status(429),
            "a_network_shares_the_sessions_of_an_address",
        ),
        bound(
            "Rooms made",
            rooms(),
            Refused(ErrorCode::TooManyNewRooms),
            "new_rooms_are_paced_except_on_loopback",
        ),
        bound(
            "Persons who ask to be forgotten",
            Paced("forget-burst", "forget-seconds", "one per {} s"),
            Refused(ErrorCode::RateLimited),
            "few_persons_of_one_address_are_forgotten_at_once",
        ),
        bound(
            "New names that are kept",
            Paced("forget-burst", "forget-seconds", "one per {} s"),
            Else("the name holds for whoever is connected, and for new tokens"),
            "few_names_of_one_address_are_kept",
        ),
    ]
}

pub(super) fn sending() -> Vec<Bound> {
    let limited = || Refused(ErrorCode::RateLimited);
    let kib = "{} KiB per second";
    let flood = "a_flood_is_refused_with_the_time_to_wait";
    let stored = "control_characters_are_counted_as_they_are_stored";
    vec![
        bound(
            "Messages of a person to a room",
            Paced("send-burst", "send-rate", "{} per second"),
            limited(),
            flood,
        ),
        bound("Their stored bytes, in KiB", Paced("send-kib-burst", "send-kib-rate", kib), limited(), stored),
        bound(
            "Messages of an address to a room",
            Paced("address-send-burst", "address-send-rate", "{} per second"),
            limited(),
            flood,
        ),
        bound(
            "Their stored bytes, in KiB",
            Paced("address-send-kib-burst", "address-send-kib-rate", kib),
            limited(),
            "stored_bytes_are_paced_too",
        ),
        bound(
            "Both of an address to all rooms together",
            Fixed(format!("{} times as much", crate::limits::sends::ROOMS)),
            limited(),
            "all_rooms_of_an_address_are_paced_together",
        ),
    ]
}

pub(super) fn history() -> Vec<Bound> {
    let window = format!("{} s", limits::NONCE_WINDOW.as_secs());
    let page = format!("{}, at most {}", limits::PAGE, limits::PAGE_MAX);
    vec![
        bound(
            "Messages kept per room",
            Set("history-messages", ""),
            Else("the oldest go"),
            "the_count_of_a_room_is_bounded",
        ),
        bound(
            "How long they stay, however many come after them",
            Set("history-min-age", "s"),
            Else("the oldest beyond the count go"),
            "what_is_young_stays_beyond_the_count",
        ),
        bound(
            "Messages of a room that stay because they are young",
            Fixed(format!("{} times as many as by count", crate::broker::YOUNG_TIMES)),
            Else("the oldest go"),
            "redis_keeps_what_is_young",
        ),
        bound(
            "Age of a message",
            Set("history-days", "days"),
            Else("the oldest go"),
            "what_is_too_old_is_not_read",
        ),
        bound("A page", Fixed(page), Else("cut"), "history_is_read_in_pages"),
        bound(
            "Bytes of the messages in `joined`",
            bytes(hub::join::PAGE_BYTES),
            Else("fewer messages, `recovered: false`"),
            "a_page_is_bounded_in_bytes",
        ),
        bound(
            "Bytes that one read of the history brings",
            bytes(crate::broker::embedded::PAGE_BYTES),
            Else("a shorter page"),
            "large_entries_come_in_bounded_runs",
        ),
        bound(
            "Messages that a resume brings",
            Fixed(limits::RECOVERY_MAX.to_string()),
            Else("`recovered: false` and the newest page"),
            "beyond_the_recovery_limit_the_newest_page_comes",
        ),
        bound(
            "A nonce is remembered",
            Fixed(window),
            Else("the message is stored again"),
            "expire_and_withdraw",
        ),
        bound(
            "People listed in `joined`, told in `presence`",
            Fixed(limits::PEOPLE_LISTED.to_string()),
            Else("only counted"),
            "people_are_counted_once_however_many_pages_they_have_open",
        ),
        bound(
            "A name that was changed",
            Fixed("30 days".to_owned()),
            Else("tokens that were not used meanwhile bring the name of their time"),
            "a_person_has_the_name_that_they_chose_last",
        ),
        bound(
            "Forgotten people whom a node remembers beside the broker",
            Fixed(crate::identity::forgotten::REMEMBERED.to_string()),
            Else("the oldest are left to the broker alone"),
            "the_oldest_are_dropped_beyond_the_bound",
        ),
        bound(
            "People whom a node names to the others in one room",
            Fixed(crate::broker::presence::NAMED.to_string()),
            Else("only counted"),
            "what_is_said_is_bounded",
        ),
    ]
}

pub(super) fn node() -> Vec<Bound> {
    let (file, redis) = (EmbeddedSettings::default(), RedisSettings::default());
    let lanes = |count: usize, each: usize| Fixed(format!("{count} of {} MiB", each >> 20));
    let gap = || Else("dropped, then read from the history");
    let lane = "a_full_lane_tells_the_gap_once_and_behind_what_it_holds";
    vec![
        bound(
            "TCP connections",
            Set("connections", "seven eighths of the descriptors"),
            Status(503),
            "connections_are_bounded_and_some_are_kept_for_sockets",
        ),
        bound(
            "TCP connections that did not become sockets",
            Fixed("three quarters of those".into()),
            Status(503),
            "connections_are_bounded_and_some_are_kept_for_sockets",
        ),
        bound(
            "Lines about refused origins",
            Fixed("10 at once, then one per 10 s".into()),
            Else("counted in the next line"),
            "lines_are_short_and_few",
        ),
        bound(
            "Recent messages of all rooms",
            Set("ring-mib", "MiB"),
            Else("the least recently used rooms give way"),
            "the_ring_stays_within_its_budget",
        ),
        bound(
            "What waits while a room is read or joined",
            bytes(hub::live::WAITING),
            gap(),
            "what_waits_is_bounded_and_read_again",
        ),
        bound("Lanes from the file to the hub", lanes(file.lanes, file.lane_bytes), gap(), lane),
        bound("Lanes from Redis to the hub", lanes(redis.lanes, redis.lane_bytes), gap(), lane),
        bound(
            "Writes that wait for the file",
            Fixed(file.queue_len.to_string()),
            Refused(ErrorCode::Overloaded),
            "a_full_queue_refuses",
        ),
        bound("Their bytes", bytes(file.queue_bytes), Refused(ErrorCode::Overloaded), "a_full_queue_refuses"),
        bound(
            "Nonces remembered by the file",
            Fixed(file.nonces_max.to_string()),
            Refused(ErrorCode::Overloaded),
            "a_full_queue_refuses",
        ),
        bound(
            "Publishes that wait for Redis",
            Fixed(crate::broker::redis::PUBLISHES.to_string()),
            Refused(ErrorCode::Overloaded),
            "the_queue_is_bounded",
        ),
        bound(
            "A publish to Redis",
            Fixed(format!("{} s", redis.publish_deadline.as_secs())),
            Refused(ErrorCode::Timeout),
            "what_is_on_its_way_is_unknown",
        ),
        bound(
            "A write to the file",
            Fixed(format!("{} s", file.deadline.as_secs())),
            Refused(ErrorCode::Timeout),
            "a_disk_that_hangs_is_answered_in_time",
        ),
        bound(
            "Leaving after SIGTERM",
            Set("drain-timeout", "s"),
            Else("what is still open is cut"),
            "leaving_moves_everybody",
        ),
    ]
}
