use shared::text::{Nonce, UserId};

use super::{round_trip::RoundTrip, *};
use crate::broker::{
    Record,
    redis::keys::{KeyCache, Keys},
};

fn draft(nonce: &str) -> Draft {
    Draft {
        sender: UserId::parse("anna").unwrap(),
        nonce: Nonce::parse(nonce).unwrap(),
        counts: true,
        amends: None,
        rights: 0,
        record: Record::parse("m1 x".into()),
    }
}

fn gather(queue: &DraftQueue, drafts: Vec<QueuedDraft>) -> RoundTrip {
    RoundTrip::gather(queue, drafts, &mut KeyCache::new(Keys::new("p:")))
}

fn room(name: &str) -> Room {
    Room::parse(name).unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_was_never_sent_is_unavailable_and_stays_unsent() {
    let publishing = Publishing::new(Duration::from_secs(2));
    let answer = publishing.publish(&room("a"), draft("n1"));
    assert!(matches!(answer.await, Err(BrokerError::Unavailable(_))));
    let queue = publishing.queue();
    let batch = gather(&queue, queue.pull(10).await);
    assert!(batch.is_empty(), "its caller was told that it is not stored");
    queue.emptied().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_on_its_way_is_unknown() {
    let publishing = Publishing::new(Duration::from_secs(2));
    let answer = publishing.publish(&room("a"), draft("n1"));
    let queue = publishing.queue();
    let batch = gather(&queue, queue.pull(10).await);
    assert_eq!(answer.await, Err(BrokerError::Unknown));
    batch.doubt(&queue);
    assert!(gather(&queue, queue.pull(10).await).is_empty(), "it is too late to send it again");
    queue.emptied().await;
}

#[tokio::test(start_paused = true)]
async fn a_definite_no_after_a_doubtful_try_is_still_unknown() {
    let publishing = Publishing::new(Duration::from_secs(2));
    let answer = publishing.publish(&room("a"), draft("n1"));
    let queue = publishing.queue();
    gather(&queue, queue.pull(10).await).doubt(&queue);
    let again = gather(&queue, queue.pull(10).await);
    again.settle(&queue, vec![::redis::Value::Nil], None);
    assert_eq!(answer.await, Err(BrokerError::Unknown));
}

#[tokio::test]
async fn the_queue_is_bounded() {
    let publishing = Publishing::new(Duration::from_secs(2));
    let mut answers = Vec::new();
    for number in 0..16_384 {
        answers.push(publishing.publish(&room("a"), draft(&number.to_string())));
    }
    assert_eq!(publishing.publish(&room("a"), draft("x")).await, Err(BrokerError::Overloaded));
}

#[tokio::test]
async fn a_room_has_one_call_in_a_batch_and_the_rest_keeps_its_order() {
    let publishing = Publishing::new(Duration::from_secs(60));
    let mut answers = Vec::new();
    for number in 0..200 {
        answers.push(publishing.publish(&room("a"), draft(&format!("a{number}"))));
        answers.push(publishing.publish(&room(&format!("b{number}")), draft("x")));
    }
    let queue = publishing.queue();
    let batch = gather(&queue, queue.pull(256).await);
    let keeping = Keeping { max: 10, age: Duration::from_secs(10), min_age: Duration::ZERO };
    assert_eq!(batch.pipeline(&keeping, None).len(), 129, "one for a, 128 others");
    let rest = queue.pull(1000).await;
    let nonces: Vec<_> =
        rest.iter().filter(|w| w.room == room("a")).map(|w| w.draft.nonce.to_string()).collect();
    let wanted: Vec<_> = (64..200).map(|number| format!("a{number}")).collect();
    assert_eq!(nonces, wanted);
}
