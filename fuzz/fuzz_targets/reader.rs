//! Any bytes in any chunks.
#![no_main]

use doorward_intake::{Item, Limits, Reader};
use libfuzzer_sys::fuzz_target;

/// Small limits, so that small inputs reach them.
const TIGHT: Limits =
    Limits { record_bytes_max: 600, depth_max: 6, export_bytes_max: 20_000, wrappers_max: 4 };

/// What came out, in its order.
fn read(limits: Limits, chunks: &[&[u8]], size: u64) -> Vec<String> {
    let mut items = Vec::new();
    let mut counted = 0;
    let mut reader = Reader::new("fuzz", limits);
    let mut take = |item: Item, counted: &mut u64| {
        match &item {
            Item::Event(_) => *counted += 1,
            Item::Reject(reject) => {
                *counted += 1;
                assert_eq!(reject.record, *counted);
                assert!(reject.bytes.start <= reject.bytes.end && reject.bytes.end <= size);
            }
            Item::Export(_) | Item::Wrapped { .. } | Item::Skipped { .. } => {}
        }
        items.push(format!("{item:?}"));
    };
    for chunk in chunks {
        reader.push(chunk, &mut |item| take(item, &mut counted));
        assert_eq!(reader.read(), counted);
    }
    reader.finish(&mut |item| take(item, &mut counted));
    items
}

fuzz_target!(|data: &[u8]| {
    let Some((seed, bytes)) = data.split_first() else { return };
    let chunks: Vec<&[u8]> = bytes.chunks(usize::from(*seed).max(1)).collect();
    for limits in [Limits::default(), TIGHT] {
        let size = bytes.len() as u64;
        assert_eq!(read(limits, &[bytes], size), read(limits, &chunks, size));
    }
});
