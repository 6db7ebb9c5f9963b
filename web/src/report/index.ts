/** Statistics and reports, as one part to load. */
import '../styles/report/index.css';
export { default as ReportPage } from './ReportPage.svelte';
export { default as ReportsPage } from './ReportsPage.svelte';
export { default as StatisticsPage } from './StatisticsPage.svelte';
