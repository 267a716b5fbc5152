//! Whether all runs of one room fit into one order.

use std::collections::{HashMap, HashSet};

use shared::text::{Position, Room};

use super::{Link, Verdict};

/// Neighbours of every run are edges of one graph; a circle in it is a disagreement about the order. Messages
/// that stand at the same position with another neighbour or another mark disagree, too.
pub(super) fn check(room: &Room, runs: &[Vec<Link>], verdict: &mut Verdict) {
    let mut known: HashMap<&Position, &Link> = HashMap::new();
    let mut edges: HashMap<&Position, HashSet<&Position>> = HashMap::new();
    let mut before: HashMap<&Position, usize> = HashMap::new();
    for run in runs {
        for link in run {
            let first = *known.entry(&link.position).or_insert(link);
            if first.prev != link.prev || first.nonce != link.nonce {
                let at = &link.position;
                verdict.order_inversions.push(format!("two observers see {at} of {room} differently"));
            }
            before.entry(&link.position).or_default();
        }
        for two in run.windows(2) {
            if edges.entry(&two[0].position).or_default().insert(&two[1].position) {
                *before.entry(&two[1].position).or_default() += 1;
            }
        }
    }
    let mut free: Vec<_> = before.iter().filter(|(_, count)| **count == 0).map(|(at, _)| *at).collect();
    let mut placed = 0;
    while let Some(at) = free.pop() {
        placed += 1;
        for next in edges.get(at).into_iter().flatten() {
            if let Some(count) = before.get_mut(next) {
                *count -= 1;
                if *count == 0 {
                    free.push(next);
                }
            }
        }
    }
    let left = before.len() - placed;
    if left > 0 {
        verdict.order_inversions.push(format!("{left} messages of {room} stand in no common order"));
    }
}
