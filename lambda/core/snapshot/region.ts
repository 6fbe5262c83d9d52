/** The shape of a region's name; which regions there are, only the service knows. */
export const REGION = /^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$/;
