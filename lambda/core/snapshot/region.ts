/** The form of a region name. The service has the list of regions. */
export const REGION = /^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$/;
