//! The full-text index in memory (tantivy): finds candidates for a search, typing mistakes forgiven. It may lag an edit by up to a second.

use super::category;
use super::entry::Entry;
use std::sync::{Mutex, PoisonError};
use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, BoostQuery, ConstScoreQuery, FuzzyTermQuery, Occur, Query, TermQuery};
use tantivy::schema::{FAST, Field, INDEXED, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{TextAnalyzer, WhitespaceTokenizer};
use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy, TantivyDocument, TantivyError, Term};

/// Memory that the writer may fill before it makes a segment.
const WRITER_BYTES: usize = 50_000_000;
/// Words at least this long may hold one mistake.
const FORGIVEN: usize = 4;

/// The index failed; searches go on with what it held.
#[derive(Debug, thiserror::Error)]
#[error("the text index: {0}")]
pub struct TextError(#[from] TantivyError);

/// Which documents a search finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Match {
    /// Those that hold every word.
    Every,
    /// Those that hold one of the words.
    Any,
}

pub(super) struct TextIndex {
    reader: IndexReader,
    writer: Mutex<IndexWriter>,
    name: Field,
    rest: Field,
    territory: Field,
    slot: Field,
}

impl TextIndex {
    pub(super) fn new() -> Result<Self, TextError> {
        let mut schema = Schema::builder();
        let words = || {
            TextOptions::default()
                .set_indexing_options(TextFieldIndexing::default().set_tokenizer("words").set_index_option(IndexRecordOption::WithFreqs))
        };
        let (name, rest) = (schema.add_text_field("name", words()), schema.add_text_field("rest", words()));
        let territory = schema.add_u64_field("territory", INDEXED);
        let slot = schema.add_u64_field("slot", INDEXED | FAST);
        let index = Index::create_in_ram(schema.build());
        index.tokenizers().register("words", TextAnalyzer::from(WhitespaceTokenizer::default()));
        let writer = Mutex::new(index.writer_with_num_threads(1, WRITER_BYTES)?);
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Self { reader, writer, name, rest, territory, slot })
    }

    /// Puts entries in the place of what the index holds for their slots; an entry that is none is only taken out.
    /// `all`: forget everything else.
    pub(super) fn write<'a>(&self, all: bool, entries: impl Iterator<Item = (u32, Option<&'a Entry>, Vec<u32>)>) -> Result<(), TextError> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if all {
            writer.delete_all_documents()?;
        }
        for (slot, entry, territories) in entries {
            if !all {
                writer.delete_term(Term::from_field_u64(self.slot, u64::from(slot)));
            }
            let Some(entry) = entry else { continue };
            let mut document = TantivyDocument::new();
            document.add_u64(self.slot, u64::from(slot));
            document.add_text(self.name, entry.sort_name());
            let (_, rest) = entry.text().split_once('\n').unwrap_or_default();
            let labels: String = entry.category_numbers().map(category::labels).collect();
            document.add_text(self.rest, format!("{rest}{labels}"));
            territories.iter().for_each(|n| document.add_u64(self.territory, u64::from(*n)));
            writer.add_document(document)?;
        }
        writer.commit()?;
        drop(writer);
        self.reader.reload()?;
        Ok(())
    }

    /// Slots of the best documents, at most `limit`. The last word may be unfinished.
    pub(super) fn find(&self, words: &[String], territory: Option<u32>, how: Match, limit: usize) -> Result<Vec<u32>, TextError> {
        let occur = if how == Match::Every { Occur::Must } else { Occur::Should };
        let clauses = words.iter().enumerate().map(|(i, word)| (occur, self.word(word, i + 1 == words.len()))).collect();
        let mut query: Box<dyn Query> = Box::new(BooleanQuery::new(clauses));
        if let Some(number) = territory {
            let term = TermQuery::new(Term::from_field_u64(self.territory, u64::from(number)), IndexRecordOption::Basic);
            let inside: Box<dyn Query> = Box::new(ConstScoreQuery::new(Box::new(term), 0.0));
            query = Box::new(BooleanQuery::new(vec![(Occur::Must, query), (Occur::Must, inside)]));
        }
        let searcher = self.reader.searcher();
        let best = searcher.search(&query, &TopDocs::with_limit(limit.max(1)).order_by_score())?;
        let mut slots = Vec::with_capacity(best.len());
        for (_, address) in best {
            let column = searcher.segment_reader(address.segment_ord).fast_fields().u64("slot")?;
            slots.extend(column.first(address.doc_id).and_then(|slot| u32::try_from(slot).ok()));
        }
        Ok(slots)
    }

    /// A word as written, begun, or with one mistake; better in the name than elsewhere.
    fn word(&self, word: &str, unfinished: bool) -> Box<dyn Query> {
        let mut ways: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        for (field, weight) in [(self.name, 2.0), (self.rest, 1.0)] {
            let term = Term::from_field_text(field, word);
            let mut add = |query: Box<dyn Query>, boost: f32| ways.push((Occur::Should, Box::new(BoostQuery::new(query, boost * weight))));
            add(Box::new(TermQuery::new(term.clone(), IndexRecordOption::WithFreqs)), 1.0);
            let mistakes = u8::from(word.chars().count() >= FORGIVEN);
            if unfinished {
                add(Box::new(FuzzyTermQuery::new_prefix(term.clone(), 0, true)), 1.0);
                add(Box::new(FuzzyTermQuery::new_prefix(term, mistakes, true)), 0.5);
            } else if mistakes > 0 {
                add(Box::new(FuzzyTermQuery::new(term, mistakes, true)), 0.5);
            }
        }
        Box::new(BooleanQuery::new(ways))
    }
}

impl std::fmt::Debug for TextIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TextIndex")
    }
}
