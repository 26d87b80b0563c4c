//! What a change makes different of who reaches which data.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::analysis::data::{KINDS, Key};
use crate::analysis::draft::{Board, Place, PoolKey, PoolOf};
use crate::analysis::part::Parts;
use crate::analysis::redraw::Redraw;
use crate::estate::{Estate, container};

impl Redraw<'_> {
    /// Takes in that resources of these ARNs are others than they were, or are guarded by others; and who is named by
    /// policies of resources, or asks for tags of them.
    pub(super) fn data(&mut self, named: &BTreeSet<Arc<str>>) {
        let (old, new) = (self.old, self.drawing.estate);
        let keys =
            named.iter().flat_map(|arn| [old, new].map(|estate| keys(estate, arn))).flatten().collect();
        let drawn = &mut self.drawing.drawn;
        let reaching = drawn.data.guards.change((old, new), &drawn.interest, self.touched, keys);
        for (account, kind) in reaching.accounts {
            self.make_stale(account, part(kind));
        }
        let is_other = |place: &Place| match place {
            Place::Pool(PoolKey { account, of: PoolOf::Data(lot) }) => {
                reaching.groups.contains(&(*account, lot.kind as usize))
            }
            _ => false,
        };
        let parts = reaching.everybody.iter().map(|kind| part(*kind)).fold(Parts::NONE, Parts::or);
        let mut scopes = Vec::new();
        if !reaching.groups.is_empty() {
            for (node, place) in self.drawing.drawn.board.others() {
                if is_other(place) {
                    scopes.push((node, Parts::ALL));
                } else if matches!(place, Place::Variant(_)) && parts != Parts::NONE {
                    scopes.push((node, parts));
                }
            }
        }
        if parts != Parts::NONE {
            scopes.extend(new.principals().map(|(id, _)| (Board::principal(id), parts)));
        }
        scopes.into_iter().for_each(|(node, parts)| self.scope(node, parts));
        for (principal, kind) in reaching.direct {
            self.scope_actor(principal, part(kind));
        }
        self.outside.extend(reaching.outside);
    }
}

fn part(kind: usize) -> Parts {
    Parts::data(u32::try_from(kind).unwrap_or(u32::MAX))
}

/// The groups of data that a resource is in, and what lies in it.
fn keys(estate: &Estate, arn: &str) -> BTreeSet<Key> {
    let itself = estate.find_resource(arn).and_then(|place| estate.resource(place));
    let may_hold = arn.contains(":lambda:");
    let others = estate.resources().filter(|_| may_hold).map(|(_, one)| one);
    let others = others.filter(|one| container(&one.id) == Some(arn));
    let key = |one: &doorward_model::inventory::resource::Resource| {
        let kind = KINDS.iter().position(|kind| kind.words.contains(&&*one.kind))?;
        Some((estate.find_account(&one.account)?, kind))
    };
    itself.into_iter().chain(others).filter_map(key).collect()
}
