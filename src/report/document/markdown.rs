//! Markdown as the committee writes it → parts of the document. HTML is shown as the text that it is, pictures are left to figures, and links
//! lead to web pages and mail addresses only.

use super::parts::{Column, Part, Run, Style, Table};
use crate::model::text::clean;
use pulldown_cmark::{Alignment, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// Lists and quotes inside each other, at most: what lies deeper is told at this depth.
const DEPTH_MAX: usize = 5;
/// Columns of a table, at most.
const COLUMNS_MAX: usize = 12;

/// The parts of a text. Its highest heading becomes one of the second level, below the section's own.
pub(super) fn read(text: &str) -> Vec<Part> {
    let text = clean(text, true);
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let top = Parser::new_ext(&text, options).filter_map(|e| if let Event::Start(Tag::Heading { level, .. }) = e { Some(level) } else { None }).min();
    let mut reader = Reader { top: top.unwrap_or(HeadingLevel::H1), ..Reader::default() };
    for event in Parser::new_ext(&text, options) {
        reader.take(event);
    }
    reader.finish()
}

/// A link that leads to a web page or a mail address.
fn lead(target: &str) -> Option<String> {
    let known = url::Url::parse(target).is_ok_and(|u| matches!(u.scheme(), "http" | "https" | "mailto"));
    known.then(|| target.to_owned())
}

/// A list or quote that is open.
enum Open {
    Quote(Vec<Part>),
    List(Option<u64>, Vec<Vec<Part>>),
}

struct Reader {
    top: HeadingLevel,
    done: Vec<Part>,
    open: Vec<Open>,
    /// Starts of lists and quotes that were passed over because they lie too deep.
    passed: usize,
    runs: Vec<Run>,
    style: [usize; 3],
    links: Vec<Option<String>>,
    code: Option<String>,
    table: Option<Table>,
    row: Vec<Vec<Run>>,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            top: HeadingLevel::H1,
            done: Vec::new(),
            open: Vec::new(),
            passed: 0,
            runs: Vec::new(),
            style: [0; 3],
            links: Vec::new(),
            code: None,
            table: None,
            row: Vec::new(),
        }
    }
}

impl Reader {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.begin(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => self.say(&text, false),
            Event::Code(text) => self.say(&text, true),
            Event::SoftBreak => self.say(" ", false),
            Event::HardBreak => self.say("\n", false),
            Event::Rule => self.close_paragraph(),
            Event::FootnoteReference(text) | Event::InlineMath(text) | Event::DisplayMath(text) => self.say(&text, false),
            Event::TaskListMarker(_) => {}
        }
    }

    fn begin(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::BlockQuote(_) => self.open(Open::Quote(Vec::new())),
            Tag::List(first) => self.open(Open::List(first, Vec::new())),
            Tag::Item => {
                self.close_paragraph();
                if let (0, Some(Open::List(_, items))) = (self.passed, self.open.last_mut()) {
                    items.push(Vec::new());
                }
            }
            Tag::Emphasis => self.style[0] += 1,
            Tag::Strong => self.style[1] += 1,
            Tag::Strikethrough => self.style[2] += 1,
            Tag::Link { dest_url, .. } => self.links.push(lead(&dest_url)),
            // The words that stand for a picture stay; the picture does not come.
            Tag::Image { .. } => self.links.push(None),
            Tag::CodeBlock(_) => {
                self.close_paragraph();
                self.code = Some(String::new());
            }
            Tag::Table(columns) => {
                self.close_paragraph();
                let head = columns.into_iter().take(COLUMNS_MAX);
                let head = head.map(|a| Column { number: a == Alignment::Right, weight: 1, ..Column::default() }).collect();
                self.table = Some(Table { head, ..Table::default() });
            }
            _ => self.close_paragraph(),
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::BlockQuote(_) | TagEnd::List(_) => self.close(),
            TagEnd::Emphasis => self.style[0] = self.style[0].saturating_sub(1),
            TagEnd::Strong => self.style[1] = self.style[1].saturating_sub(1),
            TagEnd::Strikethrough => self.style[2] = self.style[2].saturating_sub(1),
            TagEnd::Link | TagEnd::Image => drop(self.links.pop()),
            TagEnd::Heading(level) => {
                let level = 2 + (level as u8).saturating_sub(self.top as u8).min(1);
                let runs = std::mem::take(&mut self.runs);
                if !runs.is_empty() {
                    self.put(Part::Heading(level, runs));
                }
            }
            TagEnd::CodeBlock => {
                let code = self.code.take().unwrap_or_default();
                self.put(Part::Code(code.trim_end().to_owned()));
            }
            TagEnd::TableCell => {
                let runs = std::mem::take(&mut self.runs);
                self.row.push(runs);
            }
            TagEnd::TableHead | TagEnd::TableRow => self.end_row(tag == TagEnd::TableHead),
            TagEnd::Table => {
                if let Some(table) = self.table.take() {
                    self.put(Part::Table(table));
                }
            }
            _ => self.close_paragraph(),
        }
    }

    fn end_row(&mut self, head: bool) {
        let row = std::mem::take(&mut self.row);
        let Some(table) = &mut self.table else { return };
        if head {
            for (column, label) in table.head.iter_mut().zip(row) {
                column.label = label;
            }
            return;
        }
        let width = table.head.len();
        table.rows.push(row.into_iter().chain(std::iter::repeat_with(Vec::new)).take(width).collect());
    }

    fn say(&mut self, text: &str, code: bool) {
        if let Some(lines) = &mut self.code {
            return lines.push_str(text);
        }
        let style = Style { italic: self.style[0] > 0, bold: self.style[1] > 0, struck: self.style[2] > 0, code };
        let link = self.links.iter().rev().find_map(Clone::clone);
        match self.runs.last_mut() {
            Some(last) if last.style == style && last.link == link => last.text.push_str(text),
            _ => self.runs.push(Run { text: text.to_owned(), style, link }),
        }
    }

    fn open(&mut self, what: Open) {
        self.close_paragraph();
        if self.passed > 0 || self.open.len() >= DEPTH_MAX {
            self.passed += 1;
        } else {
            self.open.push(what);
        }
    }

    fn close(&mut self) {
        self.close_paragraph();
        if self.passed > 0 {
            self.passed -= 1;
            return;
        }
        match self.open.pop() {
            Some(Open::Quote(parts)) => self.put(Part::Quote(parts)),
            Some(Open::List(first, items)) => self.put(Part::List(first, items)),
            None => {}
        }
    }

    fn close_paragraph(&mut self) {
        let mut runs = std::mem::take(&mut self.runs);
        if let Some(last) = runs.last_mut() {
            last.text.truncate(last.text.trim_end().len());
        }
        if runs.iter().any(|r| !r.text.is_empty()) {
            self.put(Part::Paragraph(runs));
        }
    }

    fn put(&mut self, part: Part) {
        match self.open.last_mut() {
            None => self.done.push(part),
            Some(Open::Quote(parts)) => parts.push(part),
            Some(Open::List(_, items)) => match items.last_mut() {
                Some(item) => item.push(part),
                None => items.push(vec![part]),
            },
        }
    }

    fn finish(mut self) -> Vec<Part> {
        self.close_paragraph();
        while !self.open.is_empty() {
            self.passed = 0;
            self.close();
        }
        self.done
    }
}

#[cfg(test)]
mod tests {
    use super::super::parts::text_of;
    use super::*;

    #[test]
    fn headings_lists_quotes_tables_and_links_become_parts() {
        let parts = read(
            "# Un\n\nDu **gras** et un [lien](https://example.org/a).\n\n## Deux\n\n- a\n- b\n  1. c\n\n> dit-il\n\n| x | y |\n|---|--:|\n| 1 | 2 |\n",
        );
        let Part::Heading(2, runs) = &parts[0] else { panic!("{parts:?}") };
        assert_eq!(text_of(runs), "Un");
        let Part::Paragraph(runs) = &parts[1] else { panic!("{parts:?}") };
        assert!(runs[1].style.bold && runs[3].link.as_deref() == Some("https://example.org/a"));
        assert!(matches!(&parts[2], Part::Heading(3, _)));
        let Part::List(None, items) = &parts[3] else { panic!("{parts:?}") };
        assert!(matches!(&items[1][1], Part::List(Some(1), _)));
        assert!(matches!(&parts[4], Part::Quote(_)));
        let Part::Table(table) = &parts[5] else { panic!("{parts:?}") };
        assert!(table.head[1].number && table.rows.len() == 1 && table.rows[0].len() == 2);
    }

    #[test]
    fn hostile_texts_become_words() {
        let parts = read("<script>alert(1)</script>\n\n[a](javascript:alert(1)) ![b](https://example.org/x.png) [c](data:text/html,x) \u{202e}d");
        let all: Vec<Run> = parts.iter().flat_map(|p| if let Part::Paragraph(runs) = p { runs.clone() } else { Vec::new() }).collect();
        let text = text_of(&all);
        assert!(text.contains("<script>") && text.contains('b') && text.contains('d') && !text.contains('\u{202e}'), "{text}");
        assert!(all.iter().all(|r| r.link.is_none()), "{all:?}");
    }

    #[test]
    fn what_lies_too_deep_is_told_at_the_last_depth() {
        fn depth(parts: &[Part]) -> usize {
            let inner = |p: &Part| match p {
                Part::Quote(parts) => 1 + depth(parts),
                Part::List(_, items) => 1 + items.iter().map(|i| depth(i)).max().unwrap_or(0),
                _ => 0,
            };
            parts.iter().map(inner).max().unwrap_or(0)
        }
        let parts = read(&format!("{} fond", ">".repeat(2_000)));
        assert!(depth(&parts) <= DEPTH_MAX, "{}", depth(&parts));
        let nested: String = (0..200).map(|i| format!("{}- x\n", "  ".repeat(i))).collect();
        assert!(depth(&read(&nested)) <= DEPTH_MAX);
    }
}
