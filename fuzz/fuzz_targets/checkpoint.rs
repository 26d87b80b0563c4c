//! Any bytes as a checkpoint.
#![no_main]

use doorward_fuzz::engine;
use doorward_views::checkpoint::FORMAT;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut loaded = engine();
    let blank = loaded.checkpoint();
    if loaded.load(bytes, FORMAT).is_err() {
        assert_eq!(loaded.checkpoint(), blank, "a checkpoint that is refused changes nothing");
        return;
    }
    // What was loaded is kept as it is: a checkpoint of it leads to the same once more.
    let kept = loaded.checkpoint();
    let mut again = engine();
    again.load(&kept, FORMAT).unwrap();
    assert!(again.checkpoint() == kept, "a checkpoint of a checkpoint is another one");
});
