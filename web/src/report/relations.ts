/** How an actor stands to others, on its sheet. */
import '../styles/report/relations.css';
export { default as RelationsFact } from './RelationsFact.svelte';
