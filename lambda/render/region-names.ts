/** What people call the regions. One that is not here yet goes by its code alone. */
const CITIES: Readonly<Record<string, string>> = {
  'af-south-1': 'Cape Town',
  'ap-east-1': 'Hong Kong',
  'ap-northeast-1': 'Tokyo',
  'ap-northeast-2': 'Seoul',
  'ap-northeast-3': 'Osaka',
  'ap-south-1': 'Mumbai',
  'ap-southeast-1': 'Singapore',
  'ap-southeast-2': 'Sydney',
  'ap-southeast-3': 'Jakarta',
  'ap-southeast-5': 'Malaysia',
  'ca-central-1': 'Canada',
  'eu-central-1': 'Frankfurt',
  'eu-north-1': 'Stockholm',
  'eu-south-1': 'Milan',
  'eu-south-2': 'Spain',
  'eu-west-1': 'Ireland',
  'eu-west-2': 'London',
  'eu-west-3': 'Paris',
  'sa-east-1': 'São Paulo',
  'us-east-1': 'Virginia',
  'us-east-2': 'Ohio',
  'us-west-2': 'Oregon',
};

/** `Frankfurt`; empty where no name is known. */
export const regionCity = (region: string): string => (Object.hasOwn(CITIES, region) ? (CITIES[region] ?? '') : '');

/** `Frankfurt (eu-central-1)`. */
export const regionLabel = (region: string): string =>
  regionCity(region) === '' ? region : `${regionCity(region)} (${region})`;
