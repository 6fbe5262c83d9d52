import { writeFileSync } from 'node:fs';
import { buildPage, PAGE_ASSETS } from './build-page';

writeFileSync(PAGE_ASSETS, buildPage());
