//! Any text inside of an identity export.
#![no_main]

use doorward_intake::{Item, Limits, Reader};
use doorward_model::inventory::Origin;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: (&str, u8)| {
    let (text, list) = data;
    let list = ["UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"][usize::from(list % 4)];
    let page = format!("{{\"GroupDetailList\":[],\"x\":[],\"{list}\":{text}}}");
    let mut exports = Vec::new();
    let mut rejects = 0;
    let mut reader = Reader::new("fuzz", Limits::default());
    let mut take = |item: Item| match item {
        Item::Export(export) => exports.push(export),
        Item::Reject(_) => rejects += 1,
        Item::Event(_) | Item::Wrapped { .. } | Item::Skipped { .. } => {}
    };
    reader.push(page.as_bytes(), &mut take);
    reader.finish(&mut take);
    assert!(!exports.is_empty() || rejects > 0);
    for export in exports {
        let known = |holder: &str| {
            export.identities.iter().any(|identity| identity.id == holder)
                || export.groups.iter().any(|group| group.id == holder)
        };
        // The text may go on with any other answer, whose policies are held by other things.
        let of_iam = |origin| matches!(origin, Origin::Trust | Origin::Inline | Origin::Attached);
        assert!(export.entitlements.iter().all(|held| !of_iam(held.origin()) || known(&held.holder)));
        assert!(export.rejects.iter().all(|reject| reject.bytes.end <= page.len() as u64));
    }
});
