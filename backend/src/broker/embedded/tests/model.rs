//! Random publishes, reads and restarts against lists in memory.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

const MAX: usize = 12;

#[derive(Debug, Clone)]
enum Step {
    /// Room, sender, nonce.
    Publish(u8, u8, u8),
    /// Several at once, without waiting in between.
    Burst(u8, Vec<u8>),
    /// Room, which span, which of the positions ever given out, limit.
    Read(u8, u8, prop::sample::Index, usize),
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (0..3_u8, 0..2_u8, 0..40_u8).prop_map(|(room, sender, nonce)| Step::Publish(room, sender, nonce)),
        2 => (0..3_u8, prop::collection::vec(0..120_u8, 1..90)).prop_map(|(room, nonces)| Step::Burst(room, nonces)),
        6 => (0..3_u8, 0..5_u8, any::<prop::sample::Index>(), 1..15_usize)
            .prop_map(|(room, span, at, limit)| Step::Read(room, span, at, limit)),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 1..60)
}

/// A room: all that was ever said in it, as sender and nonce, and where each stands.
#[derive(Default)]
struct Model {
    said: Vec<(String, String, Position)>,
}

impl Model {
    fn publish(&mut self, sender: &str, nonce: &str, stored: &Stored) {
        let first = self.said.iter().find(|(s, n, _)| s == sender && n == nonce);
        if let Some((_, _, position)) = first {
            assert_eq!(*stored, Stored { position: position.clone(), n: None, duplicate: true });
            return;
        }
        assert_eq!((stored.n, stored.duplicate), (Some(self.said.len() as u64 + 1), false));
        assert!(self.said.iter().all(|(_, _, position)| *position != stored.position));
        self.said.push((sender.to_owned(), nonce.to_owned(), stored.position.clone()));
    }

    fn read(&self, span: u8, position: &Position, limit: usize) -> (Anchor, Vec<u64>, bool, bool, bool) {
        let kept = self.said.len().saturating_sub(MAX);
        let end = self.said.len();
        let said = self.said.iter().position(|(_, _, p)| p == position);
        let at = said.filter(|at| *at >= kept);
        // Nothing is missing either after the last one that is gone.
        let after = said.filter(|at| at + 1 >= kept);
        let (from, range) = match span {
            0 => (Anchor::Newest, Some((kept.max(end.saturating_sub(limit)), end))),
            1 => (
                Anchor::Through(position.clone()),
                at.map(|at| (kept.max((at + 1).saturating_sub(limit)), at + 1)),
            ),
            2 => (Anchor::Before(position.clone()), at.map(|at| (kept.max(at.saturating_sub(limit)), at))),
            3 => (Anchor::After(position.clone()), after.map(|at| (at + 1, end.min(at + 1 + limit)))),
            _ => (Anchor::After(Position::start()), (kept == 0).then_some((0, end.min(limit)))),
        };
        let Some((a, b)) = range else { return (from, Vec::new(), false, false, false) };
        (from, (a..b).map(|at| at as u64 + 1).collect(), true, a > kept, b < end)
    }
}

async fn play(steps: Vec<Step>) {
    let folder = tempfile::tempdir().unwrap();
    let settings = EmbeddedSettings {
        path: Some(folder.path().join("hubbub.redb")),
        history_max: MAX as u64,
        ..EmbeddedSettings::default()
    };
    let mut broker = Store::open(settings.clone()).unwrap().join();
    let mut models: HashMap<u8, Model> = HashMap::new();
    let mut given = vec![position("1.none")];
    for step in steps {
        match step {
            Step::Publish(at, sender, nonce) => {
                let (sender, nonce) = (format!("s{sender}"), format!("nonce-{nonce}"));
                let stored = broker
                    .core
                    .publish(&room(&at.to_string()), draft_by(&sender, &nonce, &nonce))
                    .await
                    .unwrap();
                given.push(stored.position.clone());
                models.entry(at).or_default().publish(&sender, &nonce, &stored);
            }
            Step::Burst(at, nonces) => {
                let nonces: Vec<_> = nonces.into_iter().map(|nonce| format!("nonce-{nonce}")).collect();
                let answers: Vec<_> = nonces
                    .iter()
                    .map(|nonce| broker.core.publish(&room(&at.to_string()), draft_by("s0", nonce, nonce)))
                    .collect();
                for (nonce, answer) in nonces.iter().zip(answers) {
                    models.entry(at).or_default().publish("s0", nonce, &answer.await.unwrap());
                }
            }
            Step::Read(at, span, index, limit) => {
                let asked = index.get(&given);
                let (from, entries, found, older, newer) =
                    models.entry(at).or_default().read(span, asked, limit);
                let run = read(&broker, &at.to_string(), from, limit).await;
                assert_eq!((numbers(&run), run.found, run.older, run.newer), (entries, found, older, newer));
                assert_chain(&run.entries);
            }
            Step::Restart => {
                drop(broker);
                broker = Store::open(settings.clone()).unwrap().join();
            }
        }
    }
    for (at, model) in models {
        let all = everything(&broker, &at.to_string()).await;
        let kept = model.said.len().saturating_sub(MAX);
        let expected: Vec<_> = model.said[kept..].iter().map(|(_, _, position)| position).collect();
        assert_eq!(all.iter().map(|entry| &entry.position).collect::<Vec<_>>(), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn like_lists_in_memory(steps in steps()) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(play(steps));
    }
}
