//! Any lines as the files of a folder that `iam-collect` has written: the path of one, a blank, and what stands in it.
#![no_main]

use doorward_intake::{Item, Limits, Tree};
use doorward_model::inventory::AccountExport;
use doorward_model::inventory::organisation::NodeKind;
use libfuzzer_sys::fuzz_target;

const PLACES: [&str; 2] = ["/a/aws/aws/accounts/111122223333", "/a/aws/aws/organizations/o-1"];

fuzz_target!(|text: &str| {
    let files: Vec<(&str, &str)> = text.lines().filter_map(|line| line.split_once(' ')).collect();
    for place in PLACES {
        let read = |files: &[(&str, &str)]| {
            let (mut exports, mut rejects) = (Vec::new(), Vec::new());
            let mut tree = Tree::at(place, "fuzz", Limits::default()).unwrap();
            let mut take = |item: Item| match item {
                Item::Export(export) => exports.push(*export),
                Item::Reject(reject) => rejects.push(reject.reason.to_string()),
                Item::Event(_) | Item::Wrapped { .. } | Item::Skipped { .. } => {}
            };
            for (path, content) in files {
                tree.file(path, content.as_bytes(), &mut take);
            }
            tree.finish(&mut take);
            rejects.sort_unstable();
            (exports, rejects)
        };
        let (exports, rejects) = read(&files);
        // All counts, or nothing does; but of an organisation, which accounts are in it.
        let is_of_members = |export: &AccountExport| {
            export.counts().all(|(what, _)| what == "organisation nodes")
                && export.nodes.iter().all(|node| node.kind() == NodeKind::Account && node.parent.is_empty())
        };
        assert!(rejects.is_empty() || exports.iter().all(is_of_members));
        let mut names: Vec<String> = files.iter().map(|(path, _)| path.to_ascii_lowercase()).collect();
        names.sort_unstable();
        names.dedup();
        if names.len() == files.len() {
            // The order of files makes no difference.
            let mut turned = files.clone();
            turned.reverse();
            assert_eq!(read(&turned), (exports.clone(), rejects));
        }
        for export in exports {
            assert!(export.counts().next().is_some() || !export.rejects.is_empty());
            // Who is told to be whole lacks nothing that is told.
            assert!(!export.complete || export.identities.iter().all(|one| one.account == "111122223333"));
            for held in export.entitlements.iter().filter(|one| !one.document.is_empty()) {
                let name = held.document_name();
                let document = export.policies.iter().find(|document| document.name == name);
                assert!(document.is_some_and(|document| document.hash.0.as_slice() == held.document));
            }
        }
    }
});
