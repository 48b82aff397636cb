//! No table panics: suggested a model for, trained on, linked, and each task done elsewhere.
#![no_main]

use libfuzzer_sys::fuzz_target;
use linkage::Model;
use linkage::batch::{Batch, Between, Builder, Layout, Linkage, Population, links_of, run_task};
use linkage::suggest::{Profile, WordLists};

fuzz_target!(|data: (Vec<String>, Vec<Vec<String>>)| {
    let (headings, rows) = data;
    if headings.is_empty() || headings.len() > 8 || rows.len() > 60 {
        return;
    }
    let mut batch = Batch::new(headings.len());
    for row in &rows {
        batch.push(row.iter().map(|field| field.as_bytes()));
    }
    let mut profile = Profile::new(headings.clone());
    profile.add(&batch);
    let Ok(draft) = profile.draft(None, &WordLists::default()) else { return };
    let model = Model::from_toml(&draft.toml).expect("a drafted model is a model");
    let place = |name: &str| headings.iter().position(|heading| heading == name);
    let layout = Layout {
        columns: model.headings().map(|of| of.into_iter().filter_map(place).collect()).collect(),
        id: None,
        source: 0,
    };
    let mut builder = Builder::new(&model);
    builder.add(&batch, &layout).expect("a small table is taken in");
    let people = Population::new(builder.finish().expect("rows are numbered"));
    let linkage = Linkage::new(&model, &people, Between::Everybody);
    let parameters = linkage.train();
    let model = model.with(&parameters);
    let links = linkage.links(&model, -20.0);
    let answers: Vec<Vec<u8>> = linkage
        .tasks(&draft.toml, Some(&parameters), -20.0)
        .map(|task| run_task(&task).expect("its own task"))
        .collect();
    assert_eq!(links_of(&answers).expect("its own answers"), links);
    let clusters = linkage.clusters(&model, &links, 0.0);
    assert_eq!(clusters.of.len(), people.units());
});
