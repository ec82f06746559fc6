// @ts-check
export function tracePage(host){return{update(){},close(){}}}
